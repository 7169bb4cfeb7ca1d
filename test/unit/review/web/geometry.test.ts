import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Box } from '../../../../src/review/web/model/box.js';
import { handles, moved, rectBetween, resized } from '../../../../src/review/web/model/geometry.js';
import { clicked, gripAt } from '../../../../src/review/web/review/drag.js';
import { fitted, toPicture, toStage, zoomed } from '../../../../src/review/web/review/viewport.js';
import { labelEvery, ticks } from '../../../../src/review/web/charts/scale.js';

const picture = { width: 640, height: 360 };
const rect = { x1: 100, y1: 50, x2: 200, y2: 150 };
const box = (key: string, x1: number, y1: number, x2: number, y2: number): Box => ({
  ...{ key, x1, y1, x2, y2, labelId: 1, source: 'manual', score: 1, rest: {} },
});

describe('drawing and changing a box', () => {
  test('any two corners give the same box, inside the picture', () => {
    const expected = { x1: 0, y1: 20, x2: 640, y2: 100 };
    expect(rectBetween({ x: -5, y: 100 }, { x: 700, y: 20 }, picture)).toEqual(expected);
    expect(rectBetween({ x: 700, y: 20 }, { x: -5, y: 100 }, picture)).toEqual(expected);
  });

  test('a box that is moved to the edge keeps its size', () => {
    expect(moved(rect, { x: -500, y: 7 }, picture)).toEqual({ x1: 0, y1: 57, x2: 100, y2: 157 });
    expect(moved(rect, { x: 500, y: 500 }, picture)).toEqual({ x1: 540, y1: 260, x2: 640, y2: 360 });
  });

  test.each([
    ['n', { ...rect, y1: 60 }],
    ['s', { ...rect, y2: 160 }],
    ['w', { ...rect, x1: 110 }],
    ['e', { ...rect, x2: 210 }],
    ['nw', { ...rect, x1: 110, y1: 60 }],
    ['ne', { ...rect, x2: 210, y1: 60 }],
    ['sw', { ...rect, x1: 110, y2: 160 }],
    ['se', { ...rect, x2: 210, y2: 160 }],
  ] as const)('the handle %s moves its edges and no other', (handle, expected) => {
    expect(resized(rect, handle, { x: 10, y: 10 }, picture)).toEqual(expected);
  });

  test('pulled over the opposite edge a box turns over instead of vanishing', () => {
    expect(resized(rect, 'w', { x: 150, y: 0 }, picture)).toEqual({ ...rect, x1: 200, x2: 250 });
  });

  test('whatever is done, a box stays a box inside the picture', () => {
    const number = fc.integer({ min: -2000, max: 2000 });
    fc.assert(
      fc.property(number, number, fc.constantFrom(...handles), (x, y, handle) => {
        for (const { x1, y1, x2, y2 } of [moved(rect, { x, y }, picture), resized(rect, handle, { x, y }, picture)]) {
          expect(x1 >= 0 && y1 >= 0 && x2 <= 640 && y2 <= 360 && x1 <= x2 && y1 <= y2).toBe(true);
        }
      }),
    );
  });
});

describe('what the pointer takes hold of', () => {
  const large = box('large', 100, 100, 300, 300);
  const small = box('small', 150, 150, 200, 200);

  test('the selected box by handle and inside, others by their outline, and free space draws', () => {
    expect(gripAt([large, small], large, { x: 300, y: 200 }, 1)).toMatchObject({ kind: 'resize', handle: 'e' });
    expect(gripAt([large, small], large, { x: 250, y: 250 }, 1)).toMatchObject({ kind: 'move', box: large });
    expect(gripAt([large, small], undefined, { x: 150, y: 175 }, 1)).toMatchObject({ kind: 'move', box: small });
    expect(gripAt([large, small], undefined, { x: 250, y: 250 }, 1)).toEqual({ kind: 'draw' });
  });

  test('a selected box of a few pixels can still be moved', () => {
    const tiny = box('tiny', 100, 100, 108, 108);
    expect(gripAt([tiny], tiny, { x: 104, y: 104 }, 1)).toMatchObject({ kind: 'move' });
    expect(gripAt([tiny], tiny, { x: 112, y: 112 }, 1)).toMatchObject({ kind: 'resize', handle: 'se' });
  });

  test('clicks mean the smallest box first, then the larger ones behind it', () => {
    const at = { x: 175, y: 175 };
    expect(clicked([large, small], undefined, at, 1)).toBe('small');
    expect(clicked([large, small], 'small', at, 1)).toBe('large');
    expect(clicked([large, small], 'large', at, 1)).toBe('small');
    expect(clicked([large, small], 'large', { x: 500, y: 20 }, 1)).toBeUndefined();
  });
});

describe('zoom', () => {
  const stage = { width: 1000, height: 500 };

  test('the whole picture is in the middle, with room at its edge', () => {
    // By hand: (500 - 24) / 360 = 1.3222 is the smaller factor; 640 x 1.3222 = 846.2 leaves 76.9 at each side.
    const view = fitted(picture, stage);
    expect(view.scale).toBeCloseTo(476 / 360, 6);
    expect([view.x, view.y]).toEqual([expect.closeTo(76.89, 2), 12]);
  });

  test('the place under the pointer stays under it', () => {
    const at = { x: 400, y: 200 };
    const before = fitted(picture, stage);
    const after = zoomed(before, 2.5, at, picture, stage);
    expect(toPicture(after, at).x).toBeCloseTo(toPicture(before, at).x, 6);
    expect(toPicture(after, at).y).toBeCloseTo(toPicture(before, at).y, 6);
  });

  test('stage and picture are each other’s inverse', () => {
    const view = { scale: 1.7, x: -30, y: 44 };
    const { x1, y1 } = toStage(view, rect);
    expect(toPicture(view, { x: x1, y: y1 })).toEqual({
      x: expect.closeTo(100, 9) as number,
      y: expect.closeTo(50, 9) as number,
    });
  });
});

describe('axes', () => {
  test.each([
    [0, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7, [0, 2, 4, 6, 8]],
    [19, [0, 5, 10, 15, 20]],
    [173, [0, 50, 100, 150, 200]],
    [20_000, [0, 5000, 10_000, 15_000, 20_000]],
  ])('up to %i is labelled in round, whole numbers', (max, expected) => {
    expect(ticks(max, 4)).toEqual(expected);
  });

  test('labels that would run into each other are left out', () => {
    expect(labelEvery(5, 600, 58)).toBe(1);
    expect(labelEvery(100, 600, 58)).toBe(10);
  });
});
