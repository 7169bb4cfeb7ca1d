import type { PixelBox } from '../../src/common/types.js';
import type { Rgb } from './colour.js';

/** Every picture is drawn on a ground this wide, whatever its size in pixels: so all sizes show the same. */
export const CANVAS_WIDTH = 640;

/** Corners one after another: x1, y1, x2, y2, ... in canvas units. */
export type Polygon = readonly number[];

/** Something with a class that is being or was drawn. */
export interface DrawnObject {
  classId: number;
  /** Around everything that was drawn of it, canvas units, not cut at the picture's edge. */
  extent: PixelBox;
  /** How many pixels of the picture it would cover if nothing stood before it. */
  silhouette: number;
}

/** A pixel belongs to an object's silhouette from this share of cover on: thin poles never cover a whole pixel. */
const SILHOUETTE_COVER = 0.3;

/**
 * A picture in memory with anti-aliased polygons, which remembers which object each pixel shows. Coverage is exact: the
 * signed areas left of each edge are accumulated per pixel and summed along the row, as in font-rs (Raph Levien, 2016).
 */
export class Canvas {
  /** RGB, row by row. */
  readonly pixels: Uint8Array;
  /** Pixels per canvas unit. */
  readonly scale: number;
  /** In canvas units; the width is {@link CANVAS_WIDTH}. */
  readonly height: number;
  readonly objects: DrawnObject[] = [];
  /** For each pixel 1 + the index of the object it shows, 0 for none. */
  readonly #owner: Uint8Array;
  /** For each pixel 1 + the index of the object that touched it last, to count each pixel of a silhouette once. */
  readonly #touched: Uint8Array;
  readonly #area: Float32Array;
  readonly #rowStart: Int32Array;
  readonly #rowEnd: Int32Array;
  #current: DrawnObject | undefined;

  constructor(
    readonly widthPixels: number,
    readonly heightPixels: number,
  ) {
    this.scale = widthPixels / CANVAS_WIDTH;
    this.height = heightPixels / this.scale;
    this.pixels = new Uint8Array(widthPixels * heightPixels * 3);
    this.#owner = new Uint8Array(widthPixels * heightPixels);
    this.#touched = new Uint8Array(widthPixels * heightPixels);
    this.#area = new Float32Array((widthPixels + 2) * heightPixels);
    this.#rowStart = new Int32Array(heightPixels).fill(widthPixels + 2);
    this.#rowEnd = new Int32Array(heightPixels).fill(-1);
  }

  /** Forgets the objects of the picture before. */
  forget(): void {
    this.objects.length = 0;
    this.#owner.fill(0);
    this.#touched.fill(0);
  }

  /** Paints everything in one colour. */
  clear([red, green, blue]: Rgb): void {
    const { pixels } = this;
    for (let at = 0; at < pixels.length; at += 3) {
      pixels[at] = red;
      pixels[at + 1] = green;
      pixels[at + 2] = blue;
    }
  }

  /** What `draw` paints is one object of this class (at most 255 in a picture). */
  object(classId: number, draw: () => void): void {
    this.#current = {
      classId,
      extent: { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity },
      silhouette: 0,
    };
    this.objects.push(this.#current);
    draw();
    this.#current = undefined;
  }

  /** How many pixels show each object. */
  pixelsInSight(): number[] {
    const counts = new Array<number>(this.objects.length + 1).fill(0);
    for (const owner of this.#owner) counts[owner] = (counts[owner] ?? 0) + 1;
    return counts.slice(1);
  }

  /** Paints a polygon. What is less than half opaque hides nothing. */
  fill(polygon: Polygon, colour: Rgb, opacity = 1): void {
    const extent = this.#current?.extent;
    if (extent !== undefined) {
      for (let at = 0; at < polygon.length; at += 2) {
        const x = polygon[at] as number;
        const y = polygon[at + 1] as number;
        if (x < extent.x1) extent.x1 = x;
        if (x > extent.x2) extent.x2 = x;
        if (y < extent.y1) extent.y1 = y;
        if (y > extent.y2) extent.y2 = y;
      }
    }
    const inside = clipToPicture(polygon, CANVAS_WIDTH, this.height);
    const { scale } = this;
    let top = Infinity;
    let bottom = -Infinity;
    for (let at = 0, last = inside.length - 2; at < inside.length; last = at, at += 2) {
      const y1 = (inside[last + 1] as number) * scale;
      const y2 = (inside[at + 1] as number) * scale;
      this.#edge((inside[last] as number) * scale, y1, (inside[at] as number) * scale, y2);
      top = Math.min(top, y2);
      bottom = Math.max(bottom, y2);
    }
    this.#paint(Math.max(0, Math.floor(top)), Math.min(this.heightPixels, Math.ceil(bottom)), colour, opacity);
  }

  /** A horizontal motion blur over the whole picture; `length` in canvas units. */
  blur(length: number): void {
    const radius = Math.floor((length * this.scale) / 2);
    if (radius < 1) return;
    const { pixels, widthPixels } = this;
    const row = new Uint8Array(widthPixels * 3);
    const last = widthPixels - 1;
    const share = 1 / (2 * radius + 1);
    for (let y = 0; y < this.heightPixels; y++) {
      const start = y * widthPixels * 3;
      row.set(pixels.subarray(start, start + widthPixels * 3));
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let x = -radius; x <= radius; x++) sum += row[Math.max(0, x) * 3 + channel] as number;
        for (let x = 0; x <= last; x++) {
          pixels[start + x * 3 + channel] = sum * share + 0.5;
          sum += row[Math.min(last, x + radius + 1) * 3 + channel] as number;
          sum -= row[Math.max(0, x - radius) * 3 + channel] as number;
        }
      }
    }
    for (const { extent } of this.objects) {
      extent.x1 -= radius / 2 / this.scale;
      extent.x2 += radius / 2 / this.scale;
    }
  }

  #edge(fromX: number, fromY: number, toX: number, toY: number): void {
    if (fromY === toY) return;
    const direction = fromY < toY ? 1 : -1;
    const [x1, y1, x2, y2] = fromY < toY ? [fromX, fromY, toX, toY] : [toX, toY, fromX, fromY];
    const slope = (x2 - x1) / (y2 - y1);
    const area = this.#area;
    const stride = this.widthPixels + 2;
    let x = x1;
    for (let y = Math.floor(y1); y < y2; y++) {
      const rows = Math.min(y + 1, y2) - Math.max(y, y1);
      // Rounding must not carry a corner at the picture's edge beyond it.
      const next = Math.min(this.widthPixels, Math.max(0, x + slope * rows));
      const signed = rows * direction;
      const left = Math.min(x, next);
      const right = Math.max(x, next);
      const first = Math.floor(left);
      const end = Math.ceil(right);
      const at = y * stride + first;
      if (end <= first + 1) {
        const beyond = 0.5 * (x + next) - first;
        area[at] = (area[at] as number) + signed * (1 - beyond);
        area[at + 1] = (area[at + 1] as number) + signed * beyond;
      } else {
        // The edge crosses several pixels of this row: a triangle at each end, slabs between.
        const perPixel = signed / (right - left);
        for (let column = first; column < end; column++) {
          const from = Math.max(left, column);
          const to = Math.min(right, column + 1);
          const share = (to - from) * perPixel;
          const beyond = 0.5 * (from + to) - column;
          const index = at + column - first;
          area[index] = (area[index] as number) + share * (1 - beyond);
          area[index + 1] = (area[index + 1] as number) + share * beyond;
        }
      }
      if (first < (this.#rowStart[y] as number)) this.#rowStart[y] = first;
      if (end > (this.#rowEnd[y] as number)) this.#rowEnd[y] = end;
      x = next;
    }
  }

  #paint(top: number, bottom: number, [red, green, blue]: Rgb, opacity: number): void {
    const { pixels, widthPixels } = this;
    const stride = widthPixels + 2;
    const area = this.#area;
    const object = this.#current;
    const owner = object === undefined ? 0 : this.objects.length;
    const hides = opacity >= 0.5;
    for (let y = top; y < bottom; y++) {
      const start = this.#rowStart[y] as number;
      const end = this.#rowEnd[y] as number;
      let sum = 0;
      for (let x = start; x <= end; x++) {
        sum += area[y * stride + x] as number;
        area[y * stride + x] = 0;
        const cover = Math.min(1, Math.abs(sum));
        if (cover < 0.004 || x >= widthPixels) continue;
        const pixel = y * widthPixels + x;
        const share = cover * opacity;
        const at = pixel * 3;
        pixels[at] = (pixels[at] as number) + share * (red - (pixels[at] as number)) + 0.5;
        pixels[at + 1] = (pixels[at + 1] as number) + share * (green - (pixels[at + 1] as number)) + 0.5;
        pixels[at + 2] = (pixels[at + 2] as number) + share * (blue - (pixels[at + 2] as number)) + 0.5;
        if (cover < SILHOUETTE_COVER) continue;
        if (hides || (owner !== 0 && this.#owner[pixel] === 0)) this.#owner[pixel] = owner;
        if (object !== undefined && this.#touched[pixel] !== owner) {
          this.#touched[pixel] = owner;
          object.silhouette++;
        }
      }
      area[y * stride + end + 1] = 0;
      this.#rowStart[y] = stride;
      this.#rowEnd[y] = -1;
    }
  }
}

/** Sutherland-Hodgman against the four edges of the picture. */
function clipToPicture(polygon: Polygon, width: number, height: number): Polygon {
  let outside = false;
  for (let at = 0; at < polygon.length && !outside; at += 2) {
    const x = polygon[at] as number;
    const y = polygon[at + 1] as number;
    outside = x < 0 || x > width || y < 0 || y > height;
  }
  if (!outside) return polygon;
  return cut(cut(cut(cut(polygon, 0, 0, 1), 0, width, -1), 1, 0, 1), 1, height, -1);
}

function cut(polygon: Polygon, axis: 0 | 1, limit: number, sign: 1 | -1): number[] {
  const kept: number[] = [];
  for (let at = 0, last = polygon.length - 2; at < polygon.length; last = at, at += 2) {
    const before = sign * ((polygon[last + axis] as number) - limit);
    const here = sign * ((polygon[at + axis] as number) - limit);
    if (before < 0 !== here < 0) {
      const share = before / (before - here);
      const crossing = (coordinate: 0 | 1): number =>
        coordinate === axis
          ? limit
          : (polygon[last + coordinate] as number) +
            share * ((polygon[at + coordinate] as number) - (polygon[last + coordinate] as number));
      kept.push(crossing(0), crossing(1));
    }
    if (here >= 0) kept.push(polygon[at] as number, polygon[at + 1] as number);
  }
  return kept;
}
