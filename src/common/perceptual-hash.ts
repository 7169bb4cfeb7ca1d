import { PipelineError } from './errors.js';

/** Bits of a perceptual hash, and so the greatest Hamming distance. */
export const HASH_BITS = 64;

/** A 64-bit hash as two unsigned 32-bit halves: bit operations on these are far cheaper than on a bigint. */
export interface HashBits {
  high: number;
  low: number;
}

/** Unrelated pictures have about 32 bits set; less than 8 by chance once in 10^10 times. */
const LEAST_TELLING_BITS = 8;

/** Reads 16 hex digits; throws `PERCEPTUAL_HASH_INVALID` for anything else. */
export function parseHash(hash: string, frameId: string): HashBits {
  if (!/^[0-9a-f]{16}$/i.test(hash)) {
    throw new PipelineError(
      'PERCEPTUAL_HASH_INVALID',
      `The perceptual hash "${hash}" of ${frameId} is not 16 hex digits.`,
      { hint: 'The file that names the frame is damaged or was written by another program: restore it.' },
    );
  }
  return { high: Number.parseInt(hash.slice(0, 8), 16), low: Number.parseInt(hash.slice(8), 16) };
}

/** How many of the 64 bits differ. */
export function hammingDistance(a: HashBits, b: HashBits): number {
  return bitCount(a.high ^ b.high) + bitCount(a.low ^ b.low);
}

/**
 * Whether a hash tells one picture from others. A picture without contents (a fade, a plain card) has hardly any bit set
 * or hardly any clear, and looks like every other one of that kind.
 */
export function isTelling({ high, low }: HashBits): boolean {
  const set = bitCount(high) + bitCount(low);
  return set >= LEAST_TELLING_BITS && set <= HASH_BITS - LEAST_TELLING_BITS;
}

/** Set bits of a 32-bit integer, by adding neighbouring fields (Warren, Hacker's Delight, 2nd ed., figure 5-2). */
function bitCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  n = (n + (n >>> 4)) & 0x0f0f0f0f;
  return Math.imul(n, 0x01010101) >>> 24;
}
