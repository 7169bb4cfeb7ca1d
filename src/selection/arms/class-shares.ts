import { portion } from '../purse.js';
import type { ScoredFrame } from '../score-video.js';
import { describe, POOL_FACTOR, takeBest, type Arm } from './arm.js';

/** Frames in which the model sees a class, until the class has its share or there are no more. */
export const classShares: Arm = (basket, bestFirst, { perClass }) => {
  for (const [label, share] of Object.entries(perClass).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const isShowing = ({ shows }: ScoredFrame) => shows.includes(label);
    const have = basket.choices.reduce((sum, { frame }) => sum + (isShowing(frame) ? frame.cost : 0), 0);
    const lacking = portion(share, basket.purse.budget) - have;
    const showing = bestFirst.filter(isShowing);
    takeBest(basket, showing, { share: lacking, poolSize: POOL_FACTOR * lacking }, (frame, novelty) => ({
      arm: 'chosen',
      reason: describe(frame, `for the share of ${label}`, novelty),
    }));
  }
};
