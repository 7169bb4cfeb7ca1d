import { describe, expect, it } from 'vitest';
import { InputTensor } from '../../../src/detector/input-tensor.js';
import { centredLetterbox, stretched, topLeftLetterbox } from '../../../src/detector/letterbox.js';
import type { Network } from '../../../src/detector/network.js';
import { resizeBilinear } from '../../../src/detector/resize.js';
import { roundHalfToEven } from '../../../src/detector/rounding.js';
import type { RgbImage, Size } from '../../../src/detector/types.js';

/** Grey pictures: one number per pixel. */
function grey(width: number, height: number, values: number[]): RgbImage {
  return { width, height, data: Uint8Array.from(values.flatMap((value) => [value, value, value])) };
}

function scaled(source: RgbImage, size: Size): number[] {
  const data = new Uint8Array(size.width * size.height);
  const values = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  // All three planes in one place: the pictures are grey.
  resizeBilinear(source, size, { data, values, red: 0, green: 0, blue: 0, stride: size.width });
  return Array.from(data);
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

  it('stretched to the whole input, for RT-DETR', () => {
    expect(stretched({ width: 1280, height: 720 }, { width: 640, height: 640 })).toMatchObject({
      resized: { width: 640, height: 640 },
      left: 0,
      top: 0,
    });
  });
});

describe('the tensor', () => {
  const network = (inputType: Network['inputType'], layout: Network['layout'] = 'yolov8', batch = 1) =>
    ({ layout, inputType, batch }) as Network;
  const picture: RgbImage = { width: 2, height: 1, data: Uint8Array.from([255, 51, 0, 102, 153, 204]) };
  const box = centredLetterbox(picture, { width: 2, height: 3 });

  it('is planes of red, green and blue from 0 to 1, padded with 114', () => {
    const grey = Math.fround(114 / 255);
    const expected = [1, 0.4, 0.2, 0.6, 0, 0.8].map(Math.fround);
    const planes = [0, 2, 4].flatMap((at) => [grey, grey, expected[at], expected[at + 1], grey, grey]);
    expect(Array.from(new InputTensor(network('float32')).fill(picture, box))).toEqual(planes);
  });

  it('is bytes for networks that take bytes, and blue first from 0 to 255 for YOLOX', () => {
    const bytes = (first: number, second: number) => [114, 114, first, second, 114, 114];
    const rgb = [...bytes(255, 102), ...bytes(51, 153), ...bytes(0, 204)];
    expect(Array.from(new InputTensor(network('uint8')).fill(picture, box))).toEqual(rgb);
    const bgr = [...bytes(0, 204), ...bytes(51, 153), ...bytes(255, 102)];
    expect(Array.from(new InputTensor(network('float32', 'yolox')).fill(picture, box))).toEqual(bgr);
  });

  it('is halves for networks of half precision', () => {
    // 0x3c00 = 1, 0x3727 = 0.4470 (114 / 255 to 11 bits), from NumPy: np.float16(np.float32(114) / 255).view('u2')
    const halves = new InputTensor(network('float16')).fill(picture, box);
    expect([halves[2], halves[0]]).toEqual([0x3c00, 0x3727]);
  });

  it('leaves the other pictures of a batch empty', () => {
    const tensor = new InputTensor(network('float32', 'yolov8', 2)).fill(picture, box);
    expect(tensor).toHaveLength(36);
    expect(Array.from(tensor.subarray(18))).toEqual(new Array(18).fill(0));
  });

  it('pads anew when the shape of the pictures changes', () => {
    const input = new InputTensor(network('uint8'));
    const square = { width: 1, height: 1, data: Uint8Array.from([9, 9, 9]) };
    input.fill(square, centredLetterbox(square, { width: 3, height: 3 }));
    const again = input.fill(picture, centredLetterbox(picture, { width: 3, height: 3 }));
    const fresh = new InputTensor(network('uint8')).fill(picture, centredLetterbox(picture, { width: 3, height: 3 }));
    expect(again).toEqual(fresh);
  });
});

describe("scaling is OpenCV's bilinear", () => {
  it('takes the mean of 2x2 at one half', () => {
    expect(scaled(grey(4, 2, [0, 1, 10, 20, 1, 0, 30, 41]), { width: 2, height: 1 })).toEqual([1, 25]);
  });

  it('takes the same mean four pixels at a time', () => {
    // 8x2 pixels of three channels, numbered; NumPy: (a.reshape(1, 2, 4, 2, 3).astype(int).sum((1, 3)) + 2) >> 2
    const source: RgbImage = { width: 8, height: 2, data: Uint8Array.from({ length: 48 }, (_, i) => (i * 89) % 256) };
    const data = new Uint8Array(12);
    const values = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    resizeBilinear(source, { width: 4, height: 1 }, { data, values, red: 0, green: 4, blue: 8, stride: 4 });
    expect(Array.from(data)).toEqual([50, 72, 94, 116, 139, 161, 183, 205, 100, 122, 144, 166]);
  });

  it('looks at two neighbours only, whatever the factor', () => {
    // 8 to 2: the centres 0.5 and 1.5 lie at 1.5 and 5.5 of the source: the means of pixels 1, 2 and 5, 6.
    const values = [0, 10, 20, 0, 0, 100, 200, 0];
    expect(scaled(grey(8, 1, values), { width: 2, height: 1 })).toEqual([15, 150]);
  });

  it('enlarges with the border repeated', () => {
    // 2 to 4: positions -0.25, 0.25, 0.75, 1.25.
    expect(scaled(grey(2, 1, [0, 100]), { width: 4, height: 1 })).toEqual([0, 25, 75, 100]);
  });

  it('keeps a plain picture plain', () => {
    const plain = grey(7, 5, new Array<number>(35).fill(201));
    expect(new Set(scaled(plain, { width: 11, height: 3 }))).toEqual(new Set([201]));
  });
});
