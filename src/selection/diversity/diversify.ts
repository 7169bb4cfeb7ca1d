import type { Picture, PictureSpace } from '../picture-space.js';

/** The least that choosing for diversity needs to know of a frame. */
export interface Item extends Picture {
  frameId: string;
}

/** An item that was picked, and how far it then was from everything known: 0..1, or infinitely far from nothing. */
export interface Pick<T extends Item> {
  item: T;
  distance: number;
}

export interface Pool<T extends Item> {
  items: readonly T[];
  /** How much an item is wanted for itself, 0 or more: an item of four times the worth may be half as far. */
  worth: (item: T) => number;
  /** What is known already: labelled, or chosen before. */
  seeds: readonly Picture[];
  space: PictureSpace;
  seed: string;
  /** Asked before each pick; an item that is refused once is never asked about again. */
  allowed: (item: T) => boolean;
}

/**
 * Picks items that are worth something and unlike each other and what is known, one after the other until nothing is
 * left or the caller stops asking. Each takes O(items x (seeds + picks)) distances: the caller keeps the pool small.
 */
export type Diversify = <T extends Item>(pool: Pool<T>) => Generator<Pick<T>>;

/** An item that may still be picked. */
export interface Open<T extends Item> extends Pick<T> {
  worth: number;
}

/**
 * What picking an item gains: its worth times its squared distance from everything known, the potential of k-means with
 * weighted points. Weighting a filtered pool by how instructive its items are is from Zhdanov, Diverse mini-batch Active
 * Learning (2019, arXiv 1901.05954): without it, a pool that holds nearly all there is leaves the scores nothing to say.
 */
export function gain({ worth, distance }: Open<Item>): number {
  return distance === Infinity ? worth : worth * distance * distance;
}

/** The order of items that gain the same: the farther one, then the one of greater worth, then the lower frameId. */
export function isBetterByGain(a: Open<Item>, b: Open<Item>): boolean {
  const [gainOfA, gainOfB] = [gain(a), gain(b)];
  if (gainOfA !== gainOfB) return gainOfA > gainOfB;
  return a.distance === b.distance ? isBetterByWorth(a, b) : a.distance > b.distance;
}

export function isBetterByWorth(a: Open<Item>, b: Open<Item>): boolean {
  return a.worth === b.worth ? a.item.frameId < b.item.frameId : a.worth > b.worth;
}

/** The best one by an order; there must be one. */
export function first<T extends Item>(open: readonly Open<T>[], isBetter: (a: Open<T>, b: Open<T>) => boolean) {
  return open.reduce((best, other) => (isBetter(other, best) ? other : best));
}

/** Picks by a rule, and keeps the distances of what is left up to date. */
export function* pickEach<T extends Item>(
  { items, worth, seeds, space, allowed }: Pool<T>,
  next: (open: readonly Open<T>[]) => Open<T>,
): Generator<Pick<T>> {
  let open = items.map((item) => ({
    item,
    worth: worth(item),
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
