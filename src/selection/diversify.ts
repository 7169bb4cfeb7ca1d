import { HASH_BITS, hammingDistance, type HashBits } from './perceptual-hash.js';

/** Farther than any two hashes can be: the distance to an empty set. */
export const FAR_FROM_EVERYTHING = HASH_BITS + 1;

/** The least that choosing for diversity needs to know of a frame. */
export interface Item {
  frameId: string;
  videoKey: string;
  hash: HashBits;
  score: number;
}

/** An item that was picked, and how far it then was (Hamming distance, bits) from everything known. */
export interface Pick<T extends Item> {
  item: T;
  distance: number;
}

/**
 * Picks up to `count` items, each time the one farthest from everything known (the seeds and what was picked before);
 * ties go to the higher score, then to the lower frameId. This is the greedy 2-approximation of k-center (Gonzalez
 * 1985) that Sener & Savarese (ICLR 2018) use for active learning, with the labelled frames as its first centres.
 *
 * @param allowed asked before each pick; an item that is refused once is never asked about again.
 * Takes O(items x (seeds + count)) distances: the caller keeps the pool small.
 */
export function farthestFirst<T extends Item>(
  items: readonly T[],
  seeds: readonly HashBits[],
  count: number,
  allowed: (item: T) => boolean,
): Pick<T>[] {
  const nearest = items.map((item) =>
    seeds.reduce((least, seed) => Math.min(least, hammingDistance(item.hash, seed)), FAR_FROM_EVERYTHING),
  );
  const open = items.map(() => true);
  const picks: Pick<T>[] = [];
  while (picks.length < count) {
    let best = -1;
    for (let i = 0; i < items.length; i++) {
      if (open[i] && (best === -1 || isBetter(items[i]!, nearest[i]!, items[best]!, nearest[best]!))) best = i;
    }
    const item = items[best];
    if (item === undefined) break;
    open[best] = false;
    if (!allowed(item)) continue;
    picks.push({ item, distance: nearest[best]! });
    for (let i = 0; i < items.length; i++) {
      if (open[i]) nearest[i] = Math.min(nearest[i]!, hammingDistance(items[i]!.hash, item.hash));
    }
  }
  return picks;
}

function isBetter(a: Item, distanceA: number, b: Item, distanceB: number): boolean {
  if (distanceA !== distanceB) return distanceA > distanceB;
  if (a.score !== b.score) return a.score > b.score;
  return a.frameId < b.frameId;
}
