import type { PixelBox } from '../common/types.js';
import type { Letterbox } from './letterbox.js';
import type { OutputLayout, Size } from './types.js';

/**
 * From the numbers of a network back to pixels of the picture, in 32-bit floats and with the rules of the family's own
 * tool: Ultralytics' `scale_boxes` clips, its RT-DETR predictor and D-FINE's example do not.
 */
export function toPicture<T extends PixelBox>(box: T, layout: OutputLayout, letterbox: Letterbox, picture: Size): T {
  if (layout === 'detr') return box;
  if (layout === 'rtdetr') {
    const [x, y] = [
      (share: number) => Math.fround(share * picture.width),
      (share: number) => Math.fround(share * picture.height),
    ];
    return { ...box, x1: x(box.x1), y1: y(box.y1), x2: x(box.x2), y2: y(box.y2) };
  }
  const { left, top, scaleX, scaleY } = letterbox;
  const x = (value: number) => unscale(value, left, scaleX, picture.width);
  const y = (value: number) => unscale(value, top, scaleY, picture.height);
  return { ...box, x1: x(box.x1), y1: y(box.y1), x2: x(box.x2), y2: y(box.y2) };
}

function unscale(value: number, offset: number, scale: number, limit: number): number {
  const original = Math.fround(Math.fround(value - offset) / Math.fround(scale));
  return Math.min(Math.max(original, 0), limit);
}
