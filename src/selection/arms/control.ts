import { HashIndex } from '../../common/hash-index.js';
import type { ScoredFrame } from '../score-video.js';
import { inSeededOrder, type Arm } from './arm.js';

/**
 * Frames drawn at random, a share of them to be shown without the model's boxes. They say how good the model is, so
 * nothing that the model says may have a part in it: they are drawn before look-alikes go (of which the hardest stay),
 * and where boxes are paid for, a number of frames is drawn and not an amount of boxes, which crowded pictures would
 * exceed more easily.
 */
export const control: Arm = (basket, candidates, { control: share, blind, seed, minHammingDistance }) => {
  const meanCost = candidates.reduce((sum, { cost }) => sum + cost, 0) / Math.max(candidates.length, 1);
  const wanted = Math.round((share * basket.purse.budget) / Math.max(meanCost, 1));
  const drawn: ScoredFrame[] = [];
  const pictures = new HashIndex<undefined>(minHammingDistance);
  for (const frame of inSeededOrder(candidates, `${seed}:control`)) {
    if (drawn.length >= wanted) break;
    if (pictures.hasNear(frame.hash) || !basket.purse.canPay(frame)) continue;
    pictures.add(frame.hash, undefined);
    drawn.push(frame);
    basket.take({ frame, arm: 'control', reason: `drawn at random; ${frame.boxes}` });
  }
  const blinds = Math.round(blind * drawn.length);
  for (const frame of inSeededOrder(drawn, `${seed}:blind`).slice(0, blinds)) basket.makeBlind(frame);
};
