import { PipelineError } from '../common/errors.js';

/** Bits of a perceptual hash, and so the greatest Hamming distance. */
export const HASH_BITS = 64;

/** A 64-bit hash as two unsigned 32-bit halves: bit operations on these are far cheaper than on a bigint. */
export interface HashBits {
  high: number;
  low: number;
}

/** Reads 16 hex digits; throws `SELECTION_BAD_HASH` for anything else. */
export function parseHash(hash: string, frameId: string): HashBits {
  if (!/^[0-9a-f]{16}$/i.test(hash)) {
    throw new PipelineError('SELECTION_BAD_HASH', `The perceptual hash "${hash}" of ${frameId} is not 16 hex digits.`, {
      hint: 'Sample the video again: its candidates file is damaged or was written by another program.',
    });
  }
  return { high: Number.parseInt(hash.slice(0, 8), 16), low: Number.parseInt(hash.slice(8), 16) };
}

/** How many of the 64 bits differ. */
export function hammingDistance(a: HashBits, b: HashBits): number {
  return bitCount(a.high ^ b.high) + bitCount(a.low ^ b.low);
}

/** Set bits of a 32-bit integer, by adding neighbouring fields (Warren, Hacker's Delight, 2nd ed., figure 5-2). */
function bitCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  n = (n + (n >>> 4)) & 0x0f0f0f0f;
  return Math.imul(n, 0x01010101) >>> 24;
}
