export const FRAME_WIDTH = 640;
export const FRAME_HEIGHT = 360;

/** A point of the stadium in metres: x along the pitch (0..105), y across it (0..68, away from the camera), z up. */
export type Point3 = readonly [x: number, y: number, z: number];

/** Where the main camera stands: high in the stand behind the near touchline, at the halfway line. */
const POSITION: Point3 = [52.5, -28, 16];

/** Nothing nearer than this is drawn, in metres: behind the camera the projection is meaningless. */
const NEAR = 2;

/** A projected point in pixels of the picture, and how many pixels one metre has at its depth. */
interface Projected {
  x: number;
  y: number;
  pixelsPerMetre: number;
}

export interface Camera {
  /** `undefined` for a point behind the camera. */
  project(point: Point3): Projected | undefined;
  /** The outline of a polygon on the screen as an SVG path, cut at the near plane; empty when all of it lies behind. */
  polygon(points: readonly Point3[]): string;
  /** An open line on the screen as an SVG path, cut at the near plane. */
  line(points: readonly Point3[]): string;
}

const subtract = (a: Point3, b: Point3): Point3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Point3, b: Point3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Point3, b: Point3): Point3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Point3): Point3 => {
  const length = Math.sqrt(dot(a, a));
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** A pinhole camera that looks at `target`; `focalLength` is in pixels. */
export function createCamera(target: Point3, focalLength: number): Camera {
  const forward = unit(subtract(target, POSITION));
  const right = unit(cross(forward, [0, 0, 1]));
  const up = cross(right, forward);
  /** Camera coordinates: to the right, up, depth. */
  const toCamera = (point: Point3): Point3 => {
    const ray = subtract(point, POSITION);
    return [dot(ray, right), dot(ray, up), dot(ray, forward)];
  };
  const toScreen = (point: Point3): Projected => ({
    x: FRAME_WIDTH / 2 + (focalLength * point[0]) / point[2],
    y: FRAME_HEIGHT / 2 - (focalLength * point[1]) / point[2],
    pixelsPerMetre: focalLength / point[2],
  });
  /** Replaces the part of a polyline that is too near by the points where it enters and leaves the near plane. */
  const clip = (points: readonly Point3[], closed: boolean): Point3[] => {
    const inCamera = points.map(toCamera);
    const kept: Point3[] = [];
    inCamera.forEach((point, index) => {
      const previous = index > 0 || closed ? inCamera.at(index - 1) : undefined;
      if (previous !== undefined && previous[2] < NEAR !== point[2] < NEAR) {
        const share = (NEAR - previous[2]) / (point[2] - previous[2]);
        const at = (axis: 0 | 1): number => previous[axis] + share * (point[axis] - previous[axis]);
        kept.push([at(0), at(1), NEAR]);
      }
      if (point[2] >= NEAR) kept.push(point);
    });
    return kept;
  };
  const toPath = (points: readonly Point3[]): string =>
    points
      .map(toScreen)
      .map((point, index) => `${index === 0 ? 'M' : 'L'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`)
      .join('');
  return {
    project: (point) => {
      const inCamera = toCamera(point);
      return inCamera[2] < NEAR ? undefined : toScreen(inCamera);
    },
    polygon: (points) => {
      const clipped = clip(points, true);
      return clipped.length === 0 ? '' : `${toPath(clipped)}Z`;
    },
    line: (points) => toPath(clip(points, false)),
  };
}
