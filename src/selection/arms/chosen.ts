import { describe, POOL_FACTOR, takeBest, type Arm } from './arm.js';

/**
 * Of the frames with the highest scores, four times the budget, those that are unlike each other and everything known.
 * Gets whatever the other arms have left.
 */
export const chosen: Arm = (basket, bestFirst) => {
  const { budget, left: share } = basket.purse;
  takeBest(basket, bestFirst, { share, poolSize: POOL_FACTOR * budget }, (frame, novelty) => ({
    arm: 'chosen',
    reason: describe(frame, novelty),
  }));
};
