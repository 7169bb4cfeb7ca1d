import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex } from '../../../src/selection/hash-index.js';
import { hammingDistance, parseHash } from '../../../src/selection/perceptual-hash.js';
import { bitsApart } from './candidates.js';

const hex = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => bits.toString(16).padStart(16, '0'));

/** A hash and the same with a few bits turned over. */
const pair = fc.tuple(hex, fc.uniqueArray(fc.nat(63), { maxLength: 12 })).map(([hash, flips]) => {
  const other = flips.reduce((bits, flip) => bits ^ (1n << BigInt(flip)), BigInt(`0x${hash}`));
  return [hash, other.toString(16).padStart(16, '0')] as const;
});

describe('perceptual hashes', () => {
  it('differ by the number of their different bits', () => {
    fc.assert(
      fc.property(hex, hex, (a, b) => {
        expect(hammingDistance(parseHash(a, 'f'), parseHash(b, 'f'))).toBe(bitsApart(a, b));
      }),
    );
  });

  it.each(['', 'xyz', '123', '0123456789abcdef0'])('"%s" is refused', (hash) => {
    expect(() => parseHash(hash, 'frame-1')).toThrow(expect.objectContaining({ code: 'SELECTION_BAD_HASH' }));
  });
});

describe('the index of hashes', () => {
  it('finds a near hash exactly when a comparison with every hash does', () => {
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 30 }), fc.integer({ min: 0, max: 64 }), (pairs, minDistance) => {
        const index = new HashIndex(minDistance);
        for (const [stored] of pairs) index.add(parseHash(stored, 'f'));
        for (const [, asked] of pairs) {
          const expected = pairs.some(([stored]) => bitsApart(stored, asked) < minDistance);
          expect(index.hasNear(parseHash(asked, 'f'))).toBe(expected);
        }
      }),
    );
  });
});
