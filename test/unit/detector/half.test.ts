import { describe, expect, it } from 'vitest';
import { halvesToFloats, toHalf } from '../../../src/detector/half.js';

// Expected values: NumPy, np.float16(x).view('uint16').
describe('half precision', () => {
  it.each([
    [0, 0x0000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [1 / 3, 0x3555],
    [65504, 0x7bff],
    [65520, 0x7c00],
    [1e9, 0x7c00],
    [-1e9, 0xfc00],
    [6e-8, 0x0001],
    [1e-5, 0x00a8],
    [6.103515625e-5, 0x0400],
    [1e-12, 0x0000],
    [2049, 0x6800],
    [2051, 0x6802],
  ])('%d is 0x%s', (value, bits) => expect(toHalf(value)).toBe(bits));

  it('every number comes back from its bits', () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
    const numbers = halvesToFloats(all);
    for (const bits of all) {
      const value = numbers[bits]!;
      if (Number.isNaN(value)) expect(toHalf(value) & 0x7fff).toBe(0x7e00);
      else if (toHalf(value) !== bits) expect(bits).toBe(0x8000);
    }
  });
});
