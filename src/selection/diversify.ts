import { seededRandom } from '../common/random.js';
import type { Picture, PictureSpace } from './picture-space.js';

/** The least that choosing for diversity needs to know of a frame. */
export interface Item extends Picture {
  frameId: string;
  score: number;
}

/** An item that was picked, and how far it then was from everything known: 0..1, or infinitely far from nothing. */
export interface Pick<T extends Item> {
  item: T;
  distance: number;
}

export interface Pool<T extends Item> {
  items: readonly T[];
  /** What is known already: labelled, or chosen before. */
  seeds: readonly Picture[];
  space: PictureSpace;
  seed: string;
  /** Asked before each pick; an item that is refused once is never asked about again. */
  allowed: (item: T) => boolean;
}

/**
 * Picks items that are unlike each other and unlike what is known, one after the other until nothing is left or the
 * caller stops asking. Each takes O(items x (seeds + picks)) distances: the caller keeps the pool small.
 */
export type Diversify = <T extends Item>(pool: Pool<T>) => Generator<Pick<T>>;

/**
 * Each time the item farthest from everything known; ties go to the higher score, then to the lower frameId. This is the
 * greedy 2-approximation of k-center (Gonzalez 1985) that Sener & Savarese (ICLR 2018) use for active learning, with the
 * labelled frames as its first centres.
 */
export const kCenter: Diversify = (pool) =>
  pickEach(pool, (open) => open.reduce((best, other) => (isBetter(other, best) ? other : best)));

/**
 * Each time an item by chance, with a probability in proportion to its squared distance from everything known: the seeds
 * of k-means++ (Arthur & Vassilvitskii, SODA 2007). Follows the density of the footage where k-center seeks its outliers.
 */
export const kMeansPlusPlus: Diversify = (pool) => {
  const random = seededRandom(`${pool.seed}:k-means`);
  return pickEach(pool, (open) => {
    const weight = ({ distance }: Pick<Item>) => (Number.isFinite(distance) ? distance * distance : 1);
    const total = open.reduce((sum, candidate) => sum + weight(candidate), 0);
    let left = random() * total;
    // Of pictures that are all the same as known ones, any is as good.
    return open.find((candidate) => (left -= weight(candidate)) < 0) ?? open[0]!;
  });
};

/** Without regard to diversity: the highest score first. */
export const byScore: Diversify = (pool) =>
  pickEach(pool, (open) => open.reduce((best, other) => (isBetterByScore(other.item, best.item) ? other : best)));

function* pickEach<T extends Item>(
  { items, seeds, space, allowed }: Pool<T>,
  next: (open: readonly Pick<T>[]) => Pick<T>,
): Generator<Pick<T>> {
  let open = items.map((item) => ({
    item,
    distance: seeds.reduce((least, known) => Math.min(least, space.distance(item, known)), Infinity),
  }));
  while (open.length > 0) {
    const pick = next(open);
    open = open.filter((other) => other !== pick);
    if (!allowed(pick.item)) continue;
    yield pick;
    for (const other of open) other.distance = Math.min(other.distance, space.distance(other.item, pick.item));
  }
}

function isBetter(a: Pick<Item>, b: Pick<Item>): boolean {
  return a.distance === b.distance ? isBetterByScore(a.item, b.item) : a.distance > b.distance;
}

function isBetterByScore(a: Item, b: Item): boolean {
  return a.score === b.score ? a.frameId < b.frameId : a.score > b.score;
}
