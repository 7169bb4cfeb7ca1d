import { describe, expect, it } from 'vitest';
import { createCamera, FRAME_HEIGHT, FRAME_WIDTH } from '../../../demo/old-world/camera.js';
import { film } from '../../../demo/old-world/footage.js';
import { visibleBoxes } from '../../../demo/old-world/scene.js';

describe('the generated match footage', () => {
  it('is the same for the same seed and another for another', () => {
    const first = [...film(7, 6)];
    expect([...film(7, 6)]).toEqual(first);
    expect([...film(8, 6)].at(-1)).not.toEqual(first.at(-1));
  });

  it('shows every class, cuts, and long stretches without anything to label', () => {
    const pictures = [...film(11, 40)];
    expect(pictures).toHaveLength(500);
    const classes = new Set(pictures.flatMap((picture) => picture.truth.map((box) => box.classId)));
    expect([...classes].sort()).toEqual([0, 1, 2]);
    expect(new Set(pictures.map((picture) => picture.shot)).size).toBeGreaterThan(5);
    const empty = pictures.filter((picture) => picture.truth.length === 0).length;
    expect(empty / pictures.length).toBeGreaterThan(0.3);
    expect(empty / pictures.length).toBeLessThan(0.7);
  });

  it('has boxes that lie in the picture and are big enough to be seen', () => {
    for (const box of [...film(22, 20)].flatMap((picture) => picture.truth)) {
      expect(Math.min(box.x1, box.y1)).toBeGreaterThanOrEqual(0);
      expect(box.x2).toBeLessThanOrEqual(FRAME_WIDTH);
      expect(box.y2).toBeLessThanOrEqual(FRAME_HEIGHT);
      expect(Math.min(box.x2 - box.x1, box.y2 - box.y1)).toBeGreaterThanOrEqual(4);
    }
  });

  it('looks from the stand: what is farther away is smaller and higher in the picture', () => {
    const camera = createCamera([52.5, 30, 0], 1000);
    // By hand: the camera stands at (52.5, -28, 16), so its target lies 58 m ahead and 16 m below.
    const target = camera.project([52.5, 30, 0]);
    expect(target?.x).toBeCloseTo(320);
    expect(target?.y).toBeCloseTo(180);
    expect(target?.pixelsPerMetre).toBeCloseTo(1000 / Math.hypot(58, 16));
    const far = camera.project([60, 60, 0]);
    expect(far?.x).toBeGreaterThan(320);
    expect(far?.y).toBeLessThan(180);
    expect(camera.project([52.5, -60, 0])).toBeUndefined();
  });

  it('labels no one who is hidden behind another or outside the picture', () => {
    const figure = (x1: number, x2: number) => {
      const box = { x1, y1: 100, x2, y2: 150 };
      return { svg: '', box, trunk: box };
    };
    const boxes = visibleBoxes([
      { classId: 0, figure: figure(100, 120) }, // three quarters hidden by the next
      { classId: 0, figure: figure(105, 125) },
      { classId: 1, figure: figure(630, 650) }, // half outside
      { classId: 2, figure: figure(638, 658) }, // 2 pixels inside
    ]);
    expect(boxes).toEqual([
      { classId: 0, x1: 105, y1: 100, x2: 125, y2: 150 },
      { classId: 1, x1: 630, y1: 100, x2: 640, y2: 150 },
    ]);
  });
});
