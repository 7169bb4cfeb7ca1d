import { portion } from '../purse.js';
import { kCenter } from '../diversity/index.js';
import { inSeededOrder, POOL_FACTOR, type Arm } from './arm.js';

/** Frames in which the model sees nothing, the farther from everything labelled the better: where it is blind without being unsure. */
export const explore: Arm = (basket, candidates, { explore: share, perClass, seed }) => {
  const { budget, left } = basket.purse;
  // Rounded up beside the control share, it could take what the classes were promised.
  const promised = Object.values(perClass).reduce((sum, each) => sum + portion(each, budget), 0);
  const unseen = candidates.filter((frame) => frame.seesNothing && !basket.holds(frame));
  // A random pool, not the whole footage: the distances to everything labelled would take too long.
  const pool = inSeededOrder(unseen, `${seed}:explore`).slice(0, POOL_FACTOR * budget);
  basket.takeDiverse(
    pool,
    Math.min(Math.round(share * budget), left - promised),
    (frame, novelty) => ({ arm: 'explore', reason: `${frame.boxes}; ${novelty}` }),
    { method: kCenter, worth: () => 1 },
  );
};
