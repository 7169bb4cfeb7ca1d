import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseYolo, printYolo } from '../../../../src/dataset/formats/yolo.js';

const names = ['person', 'ball'];

describe('YOLO label files', () => {
  it('hold class, centre and size as shares of the picture', () => {
    // By hand: centre (20, 25) of 100 x 50, size 20 x 30.
    const text = printYolo([{ label: 'ball', x1: 10, y1: 10, x2: 30, y2: 40 }], { width: 100, height: 50 }, names);
    expect(text).toBe('1 0.2 0.5 0.2 0.6\n');
  });

  it('have six significant digits, as Ultralytics writes them', () => {
    // Python: '%g' % (1 / 3), '%g' % (200.5 / 1920), '%g' % (2 / 3), '%g' % (1 / 1920)
    const text = printYolo(
      [{ label: 'person', x1: 200, y1: 0, x2: 201, y2: 720 }],
      { width: 1920, height: 1080 },
      names,
    );
    expect(text).toBe('0 0.104427 0.333333 0.000520833 0.666667\n');
  });

  it('are empty for a picture without objects', () => {
    expect(printYolo([], { width: 100, height: 50 }, names)).toBe('');
    expect(parseYolo('')).toEqual([]);
  });

  it('cannot hold a class that the dataset does not have', () => {
    const print = () => printYolo([{ label: 'dog', x1: 0, y1: 0, x2: 1, y2: 1 }], { width: 9, height: 9 }, names);
    expect(print).toThrow(expect.objectContaining({ code: 'DATASET_UNKNOWN_CLASS' }));
  });

  it('give the boxes back to a hundredth of a pixel', () => {
    const box = fc
      .tuple(fc.nat(1900), fc.nat(1060), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
      .map(([x, y, w, h]) => ({ label: 'ball', x1: x, y1: y, x2: x + w, y2: y + h }));
    fc.assert(
      fc.property(fc.array(box), (boxes) => {
        const size = { width: 1920, height: 1080 };
        const read = parseYolo(printYolo(boxes, size, names));
        expect(read).toHaveLength(boxes.length);
        read.forEach((row, i) => {
          expect(row.classId).toBe(1);
          expect(Math.abs((row.centreX - row.width / 2) * 1920 - boxes[i]!.x1)).toBeLessThan(0.01);
          expect(Math.abs((row.centreY + row.height / 2) * 1080 - boxes[i]!.y2)).toBeLessThan(0.01);
        });
      }),
    );
  });

  it.each([
    '0 0.5 0.5 0.5',
    '0 0.5 0.5 0.5 1.2',
    '0 0.5 -0.1 0.5 0.5',
    '1.5 0.1 0.1 0.1 0.1',
    '-1 0 0 0 0',
    'a b c d e',
  ])('with the line "%s" are refused, naming the line', (line) => {
    const parse = () => parseYolo(`0 0.5 0.5 0.1 0.1\n${line}\n`);
    expect(parse).toThrow(expect.objectContaining({ code: 'DATASET_BAD_LABEL' }));
    expect(parse).toThrow('Line 2');
  });
});
