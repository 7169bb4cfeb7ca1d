import { sha256 } from '../../common/files.js';
import type { Basket, ToChoice } from '../basket.js';
import { Purse } from '../purse.js';
import type { ScoredFrame } from '../score-video.js';
import type { CompleteSettings } from '../settings.js';

/** One way to spend a part of the budget: takes frames into the basket, of the candidates that it does not hold yet. */
export type Arm = (basket: Basket, bestFirst: readonly ScoredFrame[], settings: CompleteSettings) => void;

/** Frames that are looked at for diversity are worth 4 x what is to be spent (`budget_expand_ratio` of PPAL, CVPR 2024). */
export const POOL_FACTOR = 4;

/**
 * Spends a share of the budget on frames that are unlike each other, of the best ones: those worth `poolSize` together.
 * Again, while limits of videos keep a pool from being worth it.
 */
export function takeBest(
  basket: Basket,
  bestFirst: readonly ScoredFrame[],
  { share, poolSize }: { share: number; poolSize: number },
  toChoice: ToChoice,
): void {
  for (let left = share, before = Infinity; left >= 1 && left < before;) {
    before = left;
    const open = bestFirst.filter((frame) => !basket.holds(frame) && basket.purse.canPay(frame));
    left = basket.takeDiverse(bestWorth(poolSize, open, basket), left, toChoice);
  }
}

/** The first frames that are worth `size` together; of one video at most as much in proportion, lest it fills the pool alone. */
function bestWorth(size: number, bestFirst: readonly ScoredFrame[], { purse }: Basket): ScoredFrame[] {
  const pool = new Purse(size, Math.ceil((purse.perVideo / purse.budget) * size));
  return bestFirst.filter((frame) => {
    if (pool.left < 1 || !pool.canPay(frame)) return false;
    pool.pay(frame);
    return true;
  });
}

/** A shuffle that depends on nothing but the seed and the frameIds. */
export function inSeededOrder(frames: readonly ScoredFrame[], seed: string): ScoredFrame[] {
  return frames
    .map((frame) => ({ frame, key: sha256(`${seed}:${frame.frameId}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ frame }) => frame);
}

export const describe = ({ boxes, merits }: ScoredFrame, ...more: string[]) => [boxes, ...merits, ...more].join(', ');
