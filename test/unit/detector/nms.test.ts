import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intersectionOverUnion } from '../../../src/common/geometry.js';
import { nonMaximumSuppression, type Candidate } from '../../../src/detector/nms.js';

const box = (x1: number, y1: number, x2: number, y2: number, score = 0.5, classId = 0): Candidate => ({
  x1,
  y1,
  x2,
  y2,
  score,
  classId,
});

const suppress = (boxes: Candidate[], iou: number, maxDetections: number, agnostic = false) =>
  nonMaximumSuppression(boxes, { iou, maxDetections, agnostic });

// Expected values: by hand.
describe('intersection over union', () => {
  it.each([
    ['the same box', box(0, 0, 10, 10), box(0, 0, 10, 10), 1],
    ['half of it', box(0, 0, 10, 10), box(0, 0, 10, 5), 0.5],
    ['shifted by half', box(0, 0, 10, 10), box(5, 0, 15, 10), 50 / 150],
    ['touching', box(0, 0, 10, 10), box(10, 0, 20, 10), 0],
    ['apart', box(0, 0, 10, 10), box(20, 20, 30, 30), 0],
    ['without area', box(5, 5, 5, 5), box(5, 5, 5, 5), 0],
  ])('%s', (_name, a, b, expected) => expect(intersectionOverUnion(a, b)).toBe(expected));
});

describe('of boxes that overlap, the best stays', () => {
  it('suppresses only above the threshold: equal stays', () => {
    const boxes = [box(0, 0, 10, 10, 0.9), box(0, 0, 10, 5, 0.8)];
    expect(suppress(boxes, 0.5, 300)).toHaveLength(2);
    expect(suppress(boxes, 0.49, 300)).toEqual([boxes[0]]);
  });

  it('a suppressed box suppresses nothing', () => {
    const chain = [box(0, 0, 10, 10, 0.9), box(4, 0, 14, 10, 0.8), box(8, 0, 18, 10, 0.7)];
    expect(suppress(chain, 0.4, 300)).toEqual([chain[0], chain[2]]);
  });

  it('classes do not touch each other, and the limit counts all of them', () => {
    const boxes = [box(0, 0, 10, 10, 0.7, 1), box(0, 0, 10, 10, 0.9, 0), box(30, 0, 40, 10, 0.8, 79)];
    expect(suppress(boxes, 0.1, 300).map(({ score }) => score)).toEqual([0.9, 0.8, 0.7]);
    expect(suppress(boxes, 0.1, 2).map(({ score }) => score)).toEqual([0.9, 0.8]);
  });

  it('agnostic: classes do touch each other', () => {
    const boxes = [box(0, 0, 10, 10, 0.9, 0), box(0, 0, 10, 9, 0.7, 1), box(30, 0, 40, 10, 0.8, 1)];
    expect(suppress(boxes, 0.7, 300, true)).toEqual([boxes[0], boxes[2]]);
  });

  it('equal scores keep the order of the network', () => {
    const boxes = [box(0, 0, 10, 10, 0.5), box(20, 0, 30, 10, 0.5), box(40, 0, 50, 10, 0.5)];
    expect(suppress(boxes, 0.7, 300)).toEqual(boxes);
  });

  const side = fc.integer({ min: 0, max: 60 });
  const candidate = fc
    .tuple(
      side,
      side,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 99 }),
      fc.integer({ min: 0, max: 2 }),
    )
    .map(([x, y, width, height, score, classId]) => box(x, y, x + width, y + height, score / 100, classId));

  it('for any boxes: what stays does not overlap, what goes overlaps something better that stayed', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 40 }), (boxes) => {
        const kept = suppress(boxes, 0.45, 300);
        const clash = (a: Candidate, b: Candidate) => a.classId === b.classId && intersectionOverUnion(a, b) > 0.4501;
        for (const [i, a] of kept.entries()) {
          expect(kept.slice(i + 1).some((b) => clash(a, b))).toBe(false);
          expect(a.score).toBeLessThanOrEqual(kept[i - 1]?.score ?? 1);
        }
        for (const gone of boxes.filter((one) => !kept.includes(one))) {
          const rival = (one: Candidate) =>
            one.score >= gone.score && one.classId === gone.classId && intersectionOverUnion(one, gone) > 0.4499;
          expect(kept.some(rival)).toBe(true);
        }
      }),
    );
  });
});
