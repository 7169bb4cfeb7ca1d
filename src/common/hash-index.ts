import { HASH_BITS, hammingDistance, type HashBits } from './perceptual-hash.js';

/** What was added under one hash. */
interface Entry<T> {
  hash: HashBits;
  values: T[];
}

/**
 * Answers "what is nearer than `minDistance`?" without comparing with every hash.
 *
 * The 64 bits are dealt into `minDistance` groups. Two hashes that differ in fewer bits than there are groups agree
 * completely in at least one of them (pigeonhole), so only hashes that share a whole group need be compared. This is
 * multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012) for exact answers.
 */
export class HashIndex<T> {
  readonly #minDistance: number;
  readonly #groups: number[][];
  readonly #buckets: Map<number, Entry<T>[]>[];
  readonly #exact = new Map<string, Entry<T>>();

  /** @param minDistance 0..64; with 0 nothing is near anything. */
  constructor(minDistance: number) {
    this.#minDistance = minDistance;
    this.#groups = Array.from({ length: minDistance }, () => []);
    for (let bit = 0; bit < HASH_BITS && minDistance > 0; bit++) {
      // A difference hash has 8 rows of 8 bits. Black bars make whole rows or columns of it constant, in every frame of
      // a video; dealing along the diagonal spreads them, so that no group is the same for the whole video.
      this.#groups[(bit + Math.floor(bit / 8)) % minDistance]?.push(bit);
    }
    this.#buckets = this.#groups.map(() => new Map<number, Entry<T>[]>());
  }

  add(hash: HashBits, value: T): void {
    const key = `${hash.high}.${hash.low}`;
    const known = this.#exact.get(key);
    if (known) {
      known.values.push(value);
      return;
    }
    const entry = { hash, values: [value] };
    this.#exact.set(key, entry);
    this.#buckets.forEach((bucket, group) => {
      const part = this.#part(hash, group);
      const sharing = bucket.get(part);
      if (sharing) sharing.push(entry);
      else bucket.set(part, [entry]);
    });
  }

  /** Whether a hash that was added differs from `hash` in fewer than `minDistance` bits. */
  hasNear(hash: HashBits): boolean {
    if (this.#minDistance === 0) return false;
    if (this.#exact.has(`${hash.high}.${hash.low}`)) return true;
    return this.#buckets.some((bucket, group) =>
      bucket.get(this.#part(hash, group))?.some((other) => this.#isNear(hash, other)),
    );
  }

  /** Everything that was added under a hash that differs from `hash` in fewer than `minDistance` bits. */
  near(hash: HashBits): T[] {
    const found = new Set<Entry<T>>();
    this.#buckets.forEach((bucket, group) => {
      for (const other of bucket.get(this.#part(hash, group)) ?? []) if (this.#isNear(hash, other)) found.add(other);
    });
    return [...found].flatMap(({ values }) => values);
  }

  #isNear(hash: HashBits, other: Entry<T>): boolean {
    return hammingDistance(hash, other.hash) < this.#minDistance;
  }

  /** The bits of one group as a number. (A single group of 64 bits loses its last ones: a fuller bucket, no wrong answer.) */
  #part(hash: HashBits, group: number): number {
    let bits = 0;
    for (const bit of this.#groups[group] ?? []) {
      bits = bits * 2 + ((bit < 32 ? hash.low >>> bit : hash.high >>> (bit - 32)) & 1);
    }
    return bits;
  }
}
