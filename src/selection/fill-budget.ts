import { HashIndex } from '../common/hash-index.js';
import { chosen } from './arms/chosen.js';
import { classShares } from './arms/class-shares.js';
import { control } from './arms/control.js';
import { explore } from './arms/explore.js';
import { Basket } from './basket.js';
import type { Picture } from './picture-space.js';
import type { Rejections } from './rejections.js';
import type { ScoredFrame } from './score-video.js';
import type { CompleteSettings } from './settings.js';

/**
 * Spends the budget: first the control share, of all frames that do not look like labelled ones, so that it is a fair
 * sample of them; of what then remains, without look-alikes, the explore share, what the class quotas still lack, and
 * frames with high scores that are unlike each other.
 *
 * @param bestFirst by worth
 * @param labelled what earlier rounds had
 */
export function fillBudget(
  bestFirst: readonly ScoredFrame[],
  labelled: readonly Picture[],
  round: { budget: number; settings: CompleteSettings },
  rejections: Rejections,
): Basket {
  const { settings } = round;
  const known = new HashIndex<undefined>(settings.minHammingDistance);
  for (const { hash } of labelled) known.add(hash, undefined);
  const fresh = bestFirst.filter(
    ({ hash }) => !known.hasNear(hash) || rejections.add('near duplicate of a labelled frame'),
  );

  const basket = new Basket(bestFirst, labelled, round);
  control(basket, fresh, settings);

  const taken = new HashIndex<undefined>(settings.minHammingDistance);
  for (const { frame } of basket.choices) taken.add(frame.hash, undefined);
  const distinct = fresh.filter((frame) => {
    if (basket.holds(frame)) return false;
    if (taken.hasNear(frame.hash)) return rejections.add('near duplicate in the round');
    taken.add(frame.hash, undefined);
    return true;
  });
  for (const arm of [explore, classShares, chosen]) arm(basket, distinct, settings);

  const isOneOfSeveral = new Set(bestFirst.map(({ videoKey }) => videoKey)).size > 1;
  for (const frame of distinct) {
    if (basket.holds(frame)) continue;
    const isFull = isOneOfSeveral && basket.purse.isVideoFull(frame.videoKey);
    rejections.add(isFull ? 'its video has its share of the budget' : 'beyond the budget');
  }
  return basket;
}
