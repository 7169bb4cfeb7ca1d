import { CANVAS_WIDTH, type Canvas, type Polygon } from './canvas.js';
import type { Rgb } from './colour.js';

/** A point of the stadium in metres: x along the pitch (0..105), y across it (0..68), z up. */
export type Point3 = readonly [x: number, y: number, z: number];

/** Nothing nearer than this is drawn, in metres: behind the camera the projection is meaningless. */
const NEAR = 1;

/** A projected point in canvas units, and how many of them one metre has at its depth. */
interface Projected {
  x: number;
  y: number;
  unitsPerMetre: number;
}

/** A pinhole camera without roll. */
export interface Camera {
  readonly position: Point3;
  /** Unit vectors of the camera in the stadium. */
  readonly forward: Point3;
  readonly right: Point3;
  readonly up: Point3;
  /** In canvas units: 1100 shows half a pitch from the stand, 2200 a duel. */
  readonly focalLength: number;
  /** Where the optical axis meets the picture. */
  readonly centre: { x: number; y: number };
  /** Distance along the optical axis in metres. */
  depth(point: Point3): number;
  /** `undefined` for a point behind the camera. */
  project(point: Point3): Projected | undefined;
  /** The outline of a polygon on the picture, cut at the near plane; empty when all of it lies behind. */
  polygon(points: readonly Point3[]): Polygon;
}

const subtract = (a: Point3, b: Point3): Point3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const dot = (a: Point3, b: Point3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Point3, b: Point3): Point3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const unit = (a: Point3): Point3 => {
  const length = Math.sqrt(dot(a, a));
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** A camera at `position` that looks at `target`, for a picture of this height in canvas units. */
export function createCamera(position: Point3, target: Point3, focalLength: number, height: number): Camera {
  const forward = unit(subtract(target, position));
  const right = unit(cross(forward, [0, 0, 1]));
  const up = cross(right, forward);
  const centre = { x: CANVAS_WIDTH / 2, y: height / 2 };
  /** Camera coordinates: to the right, up, depth. */
  const toCamera = (point: Point3): Point3 => {
    const ray = subtract(point, position);
    return [dot(ray, right), dot(ray, up), dot(ray, forward)];
  };
  return {
    ...{ position, forward, right, up, focalLength, centre },
    depth: (point) => dot(subtract(point, position), forward),
    project: (point) => {
      const [x, y, depth] = toCamera(point);
      if (depth < NEAR) return undefined;
      const unitsPerMetre = focalLength / depth;
      return { x: centre.x + x * unitsPerMetre, y: centre.y - y * unitsPerMetre, unitsPerMetre };
    },
    polygon: (points) => {
      const outline: number[] = [];
      const push = ([x, y, depth]: Point3): void => {
        outline.push(centre.x + (focalLength * x) / depth, centre.y - (focalLength * y) / depth);
      };
      const corners = points.map(toCamera);
      corners.forEach((corner, index) => {
        const previous = corners.at(index - 1) as Point3;
        if (previous[2] < NEAR !== corner[2] < NEAR) {
          const share = (NEAR - previous[2]) / (corner[2] - previous[2]);
          const at = (axis: 0 | 1): number => previous[axis] + share * (corner[axis] - previous[axis]);
          push([at(0), at(1), NEAR]);
        }
        if (corner[2] >= NEAR) push(corner);
      });
      return outline;
    },
  };
}

export interface Stroke {
  colour: Rgb;
  /** In metres. */
  width: number;
  /** In canvas units; what is thinner on the picture is drawn this wide, or it would vanish. */
  thinnest: number;
  opacity?: number;
}

/** Draws a line of the stadium as wide as its distance makes it. */
export function strokeLine(canvas: Canvas, camera: Camera, points: readonly Point3[], stroke: Stroke): void {
  for (let index = 1; index < points.length; index++) {
    const piece = inSight(camera, points[index - 1] as Point3, points[index] as Point3);
    if (piece === undefined) continue;
    const [from, to] = piece;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length < 0.05) continue;
    const half = (at: Projected): number => 0.5 * Math.max(stroke.thinnest, stroke.width * at.unitsPerMetre);
    const across = { x: -(to.y - from.y) / length, y: (to.x - from.x) / length };
    const [w1, w2] = [half(from), half(to)];
    canvas.fill(
      [
        ...[from.x + across.x * w1, from.y + across.y * w1, to.x + across.x * w2, to.y + across.y * w2],
        ...[to.x - across.x * w2, to.y - across.y * w2, from.x - across.x * w1, from.y - across.y * w1],
      ],
      stroke.colour,
      stroke.opacity,
    );
  }
}

/** The part of a straight line that lies before the camera. */
function inSight(camera: Camera, a: Point3, b: Point3): [Projected, Projected] | undefined {
  const [depthA, depthB] = [camera.depth(a) - NEAR, camera.depth(b) - NEAR];
  if (depthA < 0 && depthB < 0) return undefined;
  const between = (share: number): Point3 => [
    a[0] + share * (b[0] - a[0]),
    a[1] + share * (b[1] - a[1]),
    a[2] + share * (b[2] - a[2]),
  ];
  const crossing = depthA / (depthA - depthB);
  // A hair before the near plane, so that rounding does not put the end behind it.
  const from = camera.project(depthA < 0 ? between(crossing + 0.001 * (1 - crossing)) : a);
  const to = camera.project(depthB < 0 ? between(0.999 * crossing) : b);
  return from === undefined || to === undefined ? undefined : [from, to];
}
