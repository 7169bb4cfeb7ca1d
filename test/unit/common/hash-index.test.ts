import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex } from '../../../src/common/hash-index.js';
import { hammingDistance, isTelling, parseHash } from '../../../src/common/perceptual-hash.js';
import { bitsApart } from '../selection/candidates.js';

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

  it.each([
    ['0000000000000000', false], // a black picture
    ['ffffffffffffffff', false],
    ['0000000000000080', false],
    ['00000000000000ff', true],
    ['0123456789abcdef', true],
  ])('%s tells a picture from others: %s', (hash, expected) => {
    expect(isTelling(parseHash(hash, 'f'))).toBe(expected);
  });

  it.each(['', 'xyz', '123', '0123456789abcdef0'])('"%s" is refused', (hash) => {
    expect(() => parseHash(hash, 'frame-1')).toThrow(expect.objectContaining({ code: 'PERCEPTUAL_HASH_INVALID' }));
  });
});

describe('the index of hashes', () => {
  it('finds a near hash exactly when a comparison with every hash does', () => {
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 30 }), fc.integer({ min: 0, max: 64 }), (pairs, minDistance) => {
        const index = new HashIndex<number>(minDistance);
        pairs.forEach(([stored], i) => index.add(parseHash(stored, 'f'), i));
        for (const [, asked] of pairs) {
          const expected = pairs.flatMap(([stored], i) => (bitsApart(stored, asked) < minDistance ? [i] : []));
          expect(index.near(parseHash(asked, 'f')).sort((a, b) => a - b)).toEqual(expected);
          expect(index.hasNear(parseHash(asked, 'f'))).toBe(expected.length > 0);
        }
      }),
    );
  });
});
