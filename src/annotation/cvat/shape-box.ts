import type { PixelBox } from '../../common/types.js';
import type { WireShape } from './wire.js';

type Shape = Pick<WireShape, 'type' | 'points' | 'rotation'>;

/** In words, what a shape is, if it is no box along the axes. */
export function otherThanBox({ type, rotation, points }: Shape): string | undefined {
  if (type !== 'rectangle') return type;
  // CVAT stores a rectangle of any number of points.
  if (points.length !== 4) return 'rectangle without four numbers';
  return rotation ? 'rotated box' : undefined;
}

/** People draw from any corner to the opposite one, and CVAT keeps it that way. */
export function toCorners(points: readonly number[]): PixelBox {
  const [xa, ya, xb, yb] = points as [number, number, number, number];
  return { x1: Math.min(xa, xb), y1: Math.min(ya, yb), x2: Math.max(xa, xb), y2: Math.max(ya, yb) };
}

/**
 * The upright box around a shape, in pixels; `undefined` for what has no extent (points, damaged shapes). Coordinates as
 * CVAT stores them: an ellipse is its centre, its right and its top end; a mask ends with the corners of its box, both
 * inclusive; a rotation is in degrees around the middle.
 */
export function enclosingBox({ type, points, rotation = 0 }: Shape): PixelBox | undefined {
  switch (type) {
    case 'rectangle':
      return points.length === 4 ? aroundRotated(toCorners(points), rotation) : undefined;
    case 'ellipse': {
      if (points.length !== 4) return undefined;
      const [x, y, right, top] = points as [number, number, number, number];
      return aroundEllipse({ x, y, a: Math.abs(right - x), b: Math.abs(y - top) }, rotation);
    }
    case 'mask': {
      if (points.length < 5) return undefined;
      const [left, top, right, bottom] = points.slice(-4) as [number, number, number, number];
      return { x1: left, y1: top, x2: right + 1, y2: bottom + 1 };
    }
    case 'polygon':
    case 'polyline':
    case 'cuboid':
      return points.length >= 4 && points.length % 2 === 0 ? around(points) : undefined;
    default:
      return undefined;
  }
}

function around(points: readonly number[]): PixelBox {
  const xs = points.filter((_, index) => index % 2 === 0);
  const ys = points.filter((_, index) => index % 2 === 1);
  return { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs), y2: Math.max(...ys) };
}

function aroundRotated({ x1, y1, x2, y2 }: PixelBox, degrees: number): PixelBox {
  const [cos, sin] = direction(degrees);
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const halfWidth = ((x2 - x1) * cos + (y2 - y1) * sin) / 2;
  const halfHeight = ((x2 - x1) * sin + (y2 - y1) * cos) / 2;
  return { x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight };
}

/** The extreme points of a rotated ellipse lie at the root of the squared projections of its half axes. */
function aroundEllipse({ x, y, a, b }: { x: number; y: number; a: number; b: number }, degrees: number): PixelBox {
  const [cos, sin] = direction(degrees);
  const [halfWidth, halfHeight] = [Math.hypot(a * cos, b * sin), Math.hypot(a * sin, b * cos)];
  return { x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight };
}

/** Cosine and sine of an angle, without their signs: boxes are symmetrical. */
function direction(degrees: number): [number, number] {
  const radians = (degrees * Math.PI) / 180;
  return [Math.abs(Math.cos(radians)), Math.abs(Math.sin(radians))];
}
