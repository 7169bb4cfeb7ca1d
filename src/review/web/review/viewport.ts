import type { Point, Rect, Size } from '../model/geometry.js';

/** How the picture lies on the stage: `scale` screen pixels per picture pixel, its top left corner at (x, y). */
export interface Viewport {
  scale: number;
  x: number;
  y: number;
}

/** Room around a picture that is shown whole, in screen pixels: boxes at its edge can still be taken hold of. */
const margin = 12;
const maxScale = 40;

/** Shows the whole picture in the middle of the stage. */
export function fitted(picture: Size, stage: Size): Viewport {
  const scale = Math.max(
    0.01,
    Math.min((stage.width - 2 * margin) / picture.width, (stage.height - 2 * margin) / picture.height, maxScale),
  );
  return {
    scale,
    x: (stage.width - picture.width * scale) / 2,
    y: (stage.height - picture.height * scale) / 2,
  };
}

/** Zooms so that the point of the picture at `at` (on the stage) stays where it is. */
export function zoomed(view: Viewport, factor: number, at: Point, picture: Size, stage: Size): Viewport {
  const least = fitted(picture, stage).scale / 2;
  const scale = Math.min(Math.max(view.scale * factor, least), maxScale);
  const ratio = scale / view.scale;
  return inSight({ scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio }, picture, stage);
}

export function panned(view: Viewport, by: Point, picture: Size, stage: Size): Viewport {
  return inSight({ ...view, x: view.x + by.x, y: view.y + by.y }, picture, stage);
}

/** Keeps a part of the picture on the stage. */
function inSight(view: Viewport, picture: Size, stage: Size): Viewport {
  const keep = 60;
  const within = (value: number, length: number, room: number) =>
    Math.min(Math.max(value, keep - length), Math.max(room - keep, keep - length));
  return {
    scale: view.scale,
    x: within(view.x, picture.width * view.scale, stage.width),
    y: within(view.y, picture.height * view.scale, stage.height),
  };
}

export const toStage = (view: Viewport, rect: Rect): Rect => ({
  x1: rect.x1 * view.scale + view.x,
  y1: rect.y1 * view.scale + view.y,
  x2: rect.x2 * view.scale + view.x,
  y2: rect.y2 * view.scale + view.y,
});

export const toPicture = (view: Viewport, point: Point): Point => ({
  x: (point.x - view.x) / view.scale,
  y: (point.y - view.y) / view.scale,
});
