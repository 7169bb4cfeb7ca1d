import type { PixelBox } from '../../src/common/types.js';
import type { Canvas } from './canvas.js';

export const CLASSES = ['player', 'goalkeeper', 'referee', 'ball', 'goal', 'corner_flag'] as const;

export const classIdOf = (name: (typeof CLASSES)[number]): number => CLASSES.indexOf(name);

/** A shot between two cuts. It is asked for its pictures in order of time. */
export interface Scene {
  /** Paints the picture this many seconds after the shot's first one over the whole canvas. */
  draw(canvas: Canvas, seconds: number): void;
}

/** One object that a person can see in the picture, in pixels; the box lies inside the picture. */
export interface TruthBox extends PixelBox {
  classId: number;
  /** The share of the object that is in sight, times its opacity in a fade: 0..1. */
  visibility: number;
}

/** Less of an object than this in sight, and a person would not draw a box. */
const LEAST_VISIBILITY = 0.35;

/** Smaller than this in either direction, nobody could label it: canvas units, and pixels. */
const SMALLEST = { units: 5, pixels: 2.5 } as const;

/** What a person would label in the picture on the canvas. @param opacity of the picture in a fade */
export function truthOf(canvas: Canvas, opacity = 1): TruthBox[] {
  const { scale, widthPixels, heightPixels } = canvas;
  const inSight = canvas.pixelsInSight();
  const smallest = Math.max(SMALLEST.units * scale, SMALLEST.pixels);
  return canvas.objects.flatMap(({ classId, extent, silhouette }, index) => {
    const box = {
      x1: Math.max(0, extent.x1 * scale),
      y1: Math.max(0, extent.y1 * scale),
      x2: Math.min(widthPixels, extent.x2 * scale),
      y2: Math.min(heightPixels, extent.y2 * scale),
    };
    if (!(box.x2 - box.x1 >= smallest && box.y2 - box.y1 >= smallest)) return [];
    const whole = (extent.x2 - extent.x1) * (extent.y2 - extent.y1) * scale * scale;
    const inPicture = ((box.x2 - box.x1) * (box.y2 - box.y1)) / whole;
    const visibility = (opacity * inPicture * (inSight[index] ?? 0)) / Math.max(1, silhouette);
    return visibility < LEAST_VISIBILITY ? [] : [{ classId, ...box, visibility }];
  });
}
