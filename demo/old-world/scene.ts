import type { PixelBox } from '../../src/common/types.js';
import type { Figure } from './figures.js';
import { FRAME_HEIGHT, FRAME_WIDTH } from './camera.js';

export const CLASSES = ['player', 'referee', 'ball'] as const;

export type ClassId = 0 | 1 | 2;

/** One object that a person can see in the picture; the box lies inside the picture. */
export interface TruthBox extends PixelBox {
  classId: ClassId;
}

export interface Picture {
  /** SVG elements of the whole picture, {@link FRAME_WIDTH} x {@link FRAME_HEIGHT}. */
  svg: string;
  truth: TruthBox[];
}

/** A shot between two cuts. It is asked for its pictures in order of time. */
export interface Scene {
  /** The picture this many seconds after the cut. */
  draw(seconds: number): Picture;
}

/** Smaller than this in either direction, nobody could label it. */
const SMALLEST_SIDE = 4;

/** Less of an object than this share in sight, and a person would not draw a box. */
const SMALLEST_VISIBLE_SHARE = 0.35;

/**
 * What a person would label of objects that hide each other.
 * @param objects from the farthest to the nearest
 */
export function visibleBoxes(objects: readonly { classId: ClassId; figure: Figure }[]): TruthBox[] {
  return objects.flatMap(({ classId, figure }, index) => {
    const box: TruthBox = {
      classId,
      x1: Math.max(0, figure.box.x1),
      y1: Math.max(0, figure.box.y1),
      x2: Math.min(FRAME_WIDTH, figure.box.x2),
      y2: Math.min(FRAME_HEIGHT, figure.box.y2),
    };
    if (box.x2 - box.x1 < SMALLEST_SIDE || box.y2 - box.y1 < SMALLEST_SIDE) return [];
    const nearer = objects.slice(index + 1).map((object) => object.figure.trunk);
    return visibleShare(figure.box, nearer) < SMALLEST_VISIBLE_SHARE ? [] : [box];
  });
}

/** The share of a box that lies in the picture and behind none of `covers`, counted on a 12 x 12 lattice. */
function visibleShare(box: PixelBox, covers: readonly PixelBox[]): number {
  const steps = 12;
  let seen = 0;
  for (let row = 0; row < steps; row++) {
    for (let column = 0; column < steps; column++) {
      const x = box.x1 + ((column + 0.5) / steps) * (box.x2 - box.x1);
      const y = box.y1 + ((row + 0.5) / steps) * (box.y2 - box.y1);
      const inPicture = x >= 0 && x < FRAME_WIDTH && y >= 0 && y < FRAME_HEIGHT;
      if (inPicture && !covers.some((cover) => x > cover.x1 && x < cover.x2 && y > cover.y1 && y < cover.y2)) seen++;
    }
  }
  return seen / (steps * steps);
}
