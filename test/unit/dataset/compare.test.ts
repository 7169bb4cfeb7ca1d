import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intersectionOverUnion } from '../../../src/common/geometry.js';
import { compareWithPreLabels } from '../../../src/dataset/index.js';

const square = (x: number, y: number, side = 10) => ({ x1: x, y1: y, x2: x + side, y2: y + side });
const preLabel = (x: number, y: number, label = 'person') => ({ ...square(x, y), label, classId: 0, confidence: 0.5 });
const left = (x: number, y: number, label = 'person') => ({ ...square(x, y), label });
const nothing = { kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0 };

describe('intersection over union', () => {
  // By hand on squares of 10 x 10.
  it.each([
    ['the same', square(0, 0), 1],
    ['half moved aside', square(5, 0), 50 / 150],
    ['touching', square(10, 0), 0],
    ['apart', square(50, 50), 0],
    ['inside', square(2, 2, 5), 25 / 100],
    ['without area', square(2, 2, 0), 0],
  ])('of a square and one %s', (_, other, expected) => {
    expect(intersectionOverUnion(square(0, 0), other)).toBeCloseTo(expected, 12);
    expect(intersectionOverUnion(other, square(0, 0))).toBeCloseTo(expected, 12);
  });
});

describe('what a reviewer did', () => {
  it.each([
    ['left it', [preLabel(0, 0)], [left(0.5, -0.5)], { kept: 1 }],
    ['moved it', [preLabel(0, 0)], [left(2, 0)], { moved: 1 }], // IoU 80 / 120
    ['gave it another class', [preLabel(0, 0)], [left(0, 0, 'ball')], { relabelled: 1 }],
    ['deleted it', [preLabel(0, 0)], [], { deleted: 1 }],
    ['added one', [], [left(0, 0)], { added: 1 }],
    ['drew it elsewhere', [preLabel(0, 0)], [left(5, 0)], { deleted: 1, added: 1 }], // IoU 1/3
    ['drew two over one', [preLabel(0, 0)], [left(1, 0), left(0, 0)], { kept: 1, added: 1 }],
    [
      'left two classes at one place',
      [preLabel(0, 0, 'a'), preLabel(0, 0, 'b')],
      [left(0, 0, 'b'), left(0, 0, 'a')],
      { kept: 2 },
    ],
  ])('who %s', (_, preLabels, boxes, expected) => {
    expect(compareWithPreLabels(preLabels, boxes)).toEqual({ ...nothing, ...expected });
  });

  it('accounts for every pre-label and every box', () => {
    const place = fc.tuple(fc.nat(30), fc.nat(30), fc.constantFrom('a', 'b'));
    fc.assert(
      fc.property(fc.array(place), fc.array(place), (before, after) => {
        const { kept, moved, relabelled, deleted, added } = compareWithPreLabels(
          before.map((at) => preLabel(...at)),
          after.map((at) => left(...at)),
        );
        expect(kept + moved + relabelled + deleted).toBe(before.length);
        expect(kept + moved + relabelled + added).toBe(after.length);
      }),
    );
  });
});
