import { describe, expect, it } from 'vitest';
import { applyLetterbox, centredLetterbox, topLeftLetterbox } from '../../../src/detector/letterbox.js';
import { resizeBilinear } from '../../../src/detector/resize.js';
import { roundHalfToEven } from '../../../src/detector/rounding.js';
import type { RgbImage } from '../../../src/detector/types.js';

/** Grey pictures: one number per pixel. */
function grey(width: number, height: number, values: number[]): RgbImage {
  return { width, height, data: Uint8Array.from(values.flatMap((value) => [value, value, value])) };
}

function greys({ data }: RgbImage): number[] {
  return Array.from(data).filter((_, index) => index % 3 === 0);
}

describe('rounding', () => {
  // Python: [round(x) for x in (...)]
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [182.5, 182],
    [-0.1, 0],
    [-0.5, 0],
    [-1.5, -2],
    [2.51, 3],
  ])('%d becomes %d as in Python', (value, expected) => expect(roundHalfToEven(value)).toBe(expected));
});

describe('where a picture lies in the input', () => {
  it('the middle, with the odd pixel of padding below', () => {
    // 640x361 at 320: 180.5 rows become 180 (even); 140 rows of padding, 70 above.
    expect(centredLetterbox({ width: 640, height: 361 }, { width: 320, height: 320 })).toMatchObject({
      resized: { width: 320, height: 180 },
      left: 0,
      top: 70,
      scaleY: 180 / 361,
    });
    // 320x319: one row of padding: round(0.5 - 0.1) = 0 above.
    expect(centredLetterbox({ width: 320, height: 319 }, { width: 320, height: 320 })).toMatchObject({ top: 0 });
  });

  it('no more padding than the stride needs, for models of any size', () => {
    // 16:9 at 640: 640x360, padded to 384 = 12 * 32.
    expect(centredLetterbox({ width: 1280, height: 720 }, { width: 640, height: 640 }, 32)).toMatchObject({
      width: 640,
      height: 384,
      top: 12,
    });
  });

  it('the top left corner with sizes cut off, for YOLOX', () => {
    // 432 * 0.541666… is 233.99999999999997 in floating point: 233 rows, not 234.
    const box = topLeftLetterbox({ width: 768, height: 432 }, { width: 416, height: 416 });
    expect(box).toMatchObject({ resized: { width: 416, height: 233 }, left: 0, top: 0, width: 416, height: 416 });
  });

  it('a picture thousands of times longer than wide keeps one pixel', () => {
    const box = centredLetterbox({ width: 1, height: 4000 }, { width: 320, height: 320 });
    expect(box.resized).toEqual({ width: 1, height: 320 });
  });

  it('pads with 114', () => {
    const picture = grey(2, 1, [10, 20]);
    const { data, ...size } = applyLetterbox(picture, centredLetterbox(picture, { width: 2, height: 3 }));
    expect(size).toEqual({ width: 2, height: 3 });
    expect(greys({ ...size, data })).toEqual([114, 114, 10, 20, 114, 114]);
  });
});

describe("scaling is OpenCV's bilinear", () => {
  it('takes the mean of 2x2 at one half', () => {
    expect(greys(resizeBilinear(grey(4, 2, [0, 1, 10, 20, 1, 0, 30, 41]), { width: 2, height: 1 }))).toEqual([1, 25]);
  });

  it('looks at two neighbours only, whatever the factor', () => {
    // 8 to 2: the centres 0.5 and 1.5 lie at 1.5 and 5.5 of the source: the means of pixels 1, 2 and 5, 6.
    const values = [0, 10, 20, 0, 0, 100, 200, 0];
    expect(greys(resizeBilinear(grey(8, 1, values), { width: 2, height: 1 }))).toEqual([15, 150]);
  });

  it('enlarges with the border repeated', () => {
    // 2 to 4: positions -0.25, 0.25, 0.75, 1.25.
    expect(greys(resizeBilinear(grey(2, 1, [0, 100]), { width: 4, height: 1 }))).toEqual([0, 25, 75, 100]);
  });

  it('keeps a plain picture plain', () => {
    const plain = grey(7, 5, new Array<number>(35).fill(201));
    expect(new Set(greys(resizeBilinear(plain, { width: 11, height: 3 })))).toEqual(new Set([201]));
  });
});
