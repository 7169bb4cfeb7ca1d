import { bestWorth, describe, POOL_FACTOR, type Arm } from './arm.js';

/**
 * Of the frames with the highest scores, four times the budget, those that are unlike each other and everything known.
 * Gets whatever the other arms have left; again, while limits of videos keep it from spending all of that.
 */
export const chosen: Arm = (basket, bestFirst) => {
  const { purse } = basket;
  for (let before = Infinity; purse.left >= 1 && purse.left < before;) {
    before = purse.left;
    const open = bestFirst.filter((frame) => !basket.holds(frame) && purse.canPay(frame));
    basket.takeDiverse(bestWorth(POOL_FACTOR * purse.budget, open, basket), purse.left, (frame, novelty) => ({
      arm: 'chosen',
      reason: describe(frame, novelty),
    }));
  }
};
