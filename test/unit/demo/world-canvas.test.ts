import { describe, expect, it } from 'vitest';
import { createCamera } from '../../../demo/world/camera.js';
import { Canvas } from '../../../demo/world/canvas.js';
import { truthOf } from '../../../demo/world/scene.js';
import { rectangle } from '../../../demo/world/shapes.js';

const WHITE = [255, 255, 255] as const;
const BLACK = [0, 0, 0] as const;

describe('the canvas of the generator', () => {
  it('covers a pixel by the share that the polygon has of it', () => {
    const canvas = new Canvas(640, 64);
    canvas.clear(BLACK);
    // By hand: three quarters of the pixels of row 10, a quarter of row 11; half of column 20.
    canvas.fill(rectangle(20.5, 10.25, 2.5, 1), WHITE);
    const red = (x: number, y: number): number => canvas.pixels[(y * 640 + x) * 3] as number;
    expect(red(21, 10)).toBeCloseTo(191, -0.5);
    expect(red(21, 11)).toBeCloseTo(64, -0.5);
    expect(red(20, 10)).toBeCloseTo(96, -0.5);
    expect(red(22, 10)).toBe(red(21, 10));
    expect([red(19, 10), red(23, 10), red(21, 9), red(21, 12)]).toEqual([0, 0, 0, 0]);
  });

  it('covers slanted and cut off shapes by their area', () => {
    const canvas = new Canvas(640, 100);
    canvas.clear(BLACK);
    // A triangle of area 40 x 30 / 2, and one of which only the part inside the picture counts: 20 x 20 / 2.
    canvas.fill([100, 20, 140, 20, 100, 50], WHITE);
    canvas.fill([-20, 60, 20, 60, -20, 100], WHITE);
    const sum = canvas.pixels.reduce((total, value) => total + value, 0) / 3 / 255;
    expect(sum).toBeGreaterThan(795);
    expect(sum).toBeLessThan(805);
  });

  it('knows how much of an object is in sight: hidden by another, cut off, or faded', () => {
    const canvas = new Canvas(640, 360);
    canvas.clear(BLACK);
    canvas.object(0, () => canvas.fill(rectangle(100, 100, 20, 50), WHITE));
    canvas.object(1, () => canvas.fill(rectangle(110, 100, 20, 50), WHITE)); // hides half of the first
    canvas.object(2, () => canvas.fill(rectangle(630, 100, 20, 50), WHITE)); // half outside
    canvas.object(3, () => canvas.fill(rectangle(636, 200, 20, 50), WHITE)); // four fifths outside
    canvas.object(4, () => canvas.fill(rectangle(300, 100, 100, 50), WHITE, 0.2)); // a net: hides nothing
    expect(truthOf(canvas)).toEqual([
      { classId: 0, x1: 100, y1: 100, x2: 120, y2: 150, visibility: 0.5 },
      { classId: 1, x1: 110, y1: 100, x2: 130, y2: 150, visibility: 1 },
      { classId: 2, x1: 630, y1: 100, x2: 640, y2: 150, visibility: 0.5 },
      { classId: 4, x1: 300, y1: 100, x2: 400, y2: 150, visibility: 1 },
    ]);
    expect(truthOf(canvas, 0.4).map(({ classId }) => classId)).toEqual([1, 4]);
  });

  it('looks as a camera does: what is farther away is smaller and higher in the picture', () => {
    const camera = createCamera([52.5, -28, 16], [52.5, 30, 0], 1000, 360);
    // By hand: the target lies 58 m ahead and 16 m below.
    const target = camera.project([52.5, 30, 0]);
    expect(target?.x).toBeCloseTo(320);
    expect(target?.y).toBeCloseTo(180);
    expect(target?.unitsPerMetre).toBeCloseTo(1000 / Math.hypot(58, 16));
    const far = camera.project([60, 60, 0]);
    expect(far?.x).toBeGreaterThan(320);
    expect(far?.y).toBeLessThan(180);
    expect(camera.project([52.5, -60, 0])).toBeUndefined();
  });
});
