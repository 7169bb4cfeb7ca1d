import { describe, expect, it } from 'vitest';
import { differenceHash } from '../../../src/common/difference-hash.js';
import type { RgbImage } from '../../../src/detector/types.js';

function draw(width: number, height: number, brightness: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      data.fill(brightness(x / width, y / height), (y * width + x) * 3, (y * width + x) * 3 + 3);
  }
  return { width, height, data };
}

function distance(a: string, b: string): number {
  let bits = BigInt(`0x${a}`) ^ BigInt(`0x${b}`);
  let count = 0;
  for (; bits > 0n; bits >>= 1n) count += Number(bits & 1n);
  return count;
}

const scene = (x: number, y: number) => 128 + 100 * Math.sin(9 * x + 4 * y) * Math.cos(7 * y);

// Expected values: by hand; each bit says "brighter than the cell to the left".
describe('the hash of a picture', () => {
  it('is all ones where it gets brighter to the right, all zeros where it does not', () => {
    expect(differenceHash(draw(90, 80, (x) => 255 * x))).toBe('ffffffffffffffff');
    expect(differenceHash(draw(90, 80, (x) => 255 - 255 * x))).toBe('0000000000000000');
    expect(differenceHash(draw(90, 80, () => 77))).toBe('0000000000000000');
  });

  it('goes row by row, left bit first', () => {
    // Only in the upper half, only from the first to the second of nine columns.
    expect(differenceHash(draw(90, 80, (x, y) => (y < 0.5 && x >= 1 / 9 ? 200 : 100)))).toBe('8080808000000000');
  });

  it('hardly changes with size and brightness, and much with the scene', () => {
    const hash = differenceHash(draw(640, 360, scene));
    expect(distance(hash, differenceHash(draw(1280, 720, scene)))).toBeLessThanOrEqual(2);
    expect(distance(hash, differenceHash(draw(640, 360, (x, y) => 20 + 0.8 * scene(x, y))))).toBeLessThanOrEqual(2);
    expect(distance(hash, differenceHash(draw(640, 360, (x, y) => scene(1 - x, y))))).toBeGreaterThan(16);
  });

  it('exists for pictures smaller than its grid', () => {
    expect(differenceHash(draw(1, 1, () => 5))).toBe('0000000000000000');
    expect(differenceHash(draw(3, 2, (x) => 255 * x))).toMatch(/^[0-9a-f]{16}$/);
  });
});
