import { createHash } from 'node:crypto';

/**
 * Numbers in 0 <= x < 1 that look random and are always the same for the same seed: mulberry32 (T. Ettinger, 2017), 32
 * bits of state, started from a hash of the seed so that seeds that are alike give series that are not.
 */
export function seededRandom(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32BE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
