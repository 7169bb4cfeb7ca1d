import { roundHalfToEven } from './rounding.js';
import type { RgbImage, Size } from './types.js';

/** OpenCV's fixed point for 8-bit pictures: 11 bits per direction (INTER_RESIZE_COEF_BITS). */
const ONE = 2048;

/** For every target position: the two source positions and their weights. */
interface Taps {
  first: Int32Array;
  second: Int32Array;
  firstWeight: Int32Array;
  secondWeight: Int32Array;
}

/** Where a scaled picture is written: into three planes, each byte as the number that stands for it. */
export interface PlanarTarget {
  data: Float32Array | Uint16Array | Uint8Array;
  /** 256 numbers of the same type. */
  values: Float32Array | Uint16Array | Uint8Array;
  /** Index of the first pixel in each plane. */
  red: number;
  green: number;
  blue: number;
  /** Numbers from one line to the next. */
  stride: number;
}

/**
 * Bilinear scaling with OpenCV's arithmetic for 8-bit pictures (`INTER_LINEAR`, modules/imgproc/src/resize.cpp): no
 * low-pass filter when shrinking, 11-bit weights, and a 2x2 mean where the scale is exactly one half.
 * Networks are trained on pictures scaled this way; other kernels move boxes and lose weak ones.
 *
 * The last step of scaling writes into the planes itself: a picture in between would cost as much as the scaling.
 */
export function resizeBilinear(source: RgbImage, size: Size, target: PlanarTarget): void {
  if (size.width === source.width && size.height === source.height) copy(source, target);
  else if (source.width === 2 * size.width && source.height === 2 * size.height) halve(source, size, target);
  else interpolate(source, size, target);
}

function copy({ width, height, data: from }: RgbImage, { data, values, red, green, blue, stride }: PlanarTarget): void {
  let i = 0;
  for (let y = 0; y < height; y++) {
    const end = y * stride + width;
    for (let at = y * stride; at < end; at++, i += 3) {
      data[red + at] = values[from[i]!]!;
      data[green + at] = values[from[i + 1]!]!;
      data[blue + at] = values[from[i + 2]!]!;
    }
  }
}

function halve(source: RgbImage, size: Size, target: PlanarTarget): void {
  // A little-endian word holds four bytes: every machine that ONNX Runtime runs on is.
  if (size.width % 4 === 0 && source.data.byteOffset % 4 === 0) halveWords(source, size, target);
  else halveBytes(source, size, target);
}

function halveBytes(source: RgbImage, { width, height }: Size, target: PlanarTarget): void {
  const { data, values, red, green, blue, stride } = target;
  const from = source.data;
  const lineBytes = source.width * 3;
  for (let y = 0; y < height; y++) {
    let a = 2 * y * lineBytes;
    let b = a + lineBytes;
    const end = y * stride + width;
    for (let at = y * stride; at < end; at++, a += 6, b += 6) {
      data[red + at] = values[(from[a]! + from[a + 3]! + from[b]! + from[b + 3]! + 2) >> 2]!;
      data[green + at] = values[(from[a + 1]! + from[a + 4]! + from[b + 1]! + from[b + 4]! + 2) >> 2]!;
      data[blue + at] = values[(from[a + 2]! + from[a + 5]! + from[b + 2]! + from[b + 5]! + 2) >> 2]!;
    }
  }
}

/** Every other byte of a word: room for their sums. */
const EVEN = 0x00ff00ff;

/**
 * {@link halveBytes} for four pixels at a time, a third faster: six words of two lines hold eight pixels each. In each
 * word two bytes are added to those below them at once, the first and third (`e`), the second and fourth (`o`).
 */
function halveWords(source: RgbImage, { width, height }: Size, target: PlanarTarget): void {
  const { data, values, red, green, blue, stride } = target;
  const words = new Uint32Array(source.data.buffer, source.data.byteOffset, source.data.length / 4);
  const lineWords = (source.width * 3) / 4;
  for (let y = 0; y < height; y++) {
    let a = 2 * y * lineWords;
    let b = a + lineWords;
    const end = y * stride + width;
    for (let at = y * stride; at < end; at += 4, a += 6, b += 6) {
      const p0 = words[a]!;
      const q0 = words[b]!;
      const e0 = (p0 & EVEN) + (q0 & EVEN);
      const o0 = ((p0 >>> 8) & EVEN) + ((q0 >>> 8) & EVEN);
      const p1 = words[a + 1]!;
      const q1 = words[b + 1]!;
      const e1 = (p1 & EVEN) + (q1 & EVEN);
      const o1 = ((p1 >>> 8) & EVEN) + ((q1 >>> 8) & EVEN);
      const p2 = words[a + 2]!;
      const q2 = words[b + 2]!;
      const e2 = (p2 & EVEN) + (q2 & EVEN);
      const o2 = ((p2 >>> 8) & EVEN) + ((q2 >>> 8) & EVEN);
      const p3 = words[a + 3]!;
      const q3 = words[b + 3]!;
      const e3 = (p3 & EVEN) + (q3 & EVEN);
      const o3 = ((p3 >>> 8) & EVEN) + ((q3 >>> 8) & EVEN);
      const p4 = words[a + 4]!;
      const q4 = words[b + 4]!;
      const e4 = (p4 & EVEN) + (q4 & EVEN);
      const o4 = ((p4 >>> 8) & EVEN) + ((q4 >>> 8) & EVEN);
      const p5 = words[a + 5]!;
      const q5 = words[b + 5]!;
      const e5 = (p5 & EVEN) + (q5 & EVEN);
      const o5 = ((p5 >>> 8) & EVEN) + ((q5 >>> 8) & EVEN);
      data[red + at] = values[((e0 & 0xffff) + (o0 >>> 16) + 2) >> 2]!;
      data[green + at] = values[((o0 & 0xffff) + (e1 & 0xffff) + 2) >> 2]!;
      data[blue + at] = values[((e0 >>> 16) + (o1 & 0xffff) + 2) >> 2]!;
      data[red + at + 1] = values[((e1 >>> 16) + (o2 & 0xffff) + 2) >> 2]!;
      data[green + at + 1] = values[((o1 >>> 16) + (e2 >>> 16) + 2) >> 2]!;
      data[blue + at + 1] = values[((e2 & 0xffff) + (o2 >>> 16) + 2) >> 2]!;
      data[red + at + 2] = values[((e3 & 0xffff) + (o3 >>> 16) + 2) >> 2]!;
      data[green + at + 2] = values[((o3 & 0xffff) + (e4 & 0xffff) + 2) >> 2]!;
      data[blue + at + 2] = values[((e3 >>> 16) + (o4 & 0xffff) + 2) >> 2]!;
      data[red + at + 3] = values[((e4 >>> 16) + (o5 & 0xffff) + 2) >> 2]!;
      data[green + at + 3] = values[((o4 >>> 16) + (e5 >>> 16) + 2) >> 2]!;
      data[blue + at + 3] = values[((e5 & 0xffff) + (o5 >>> 16) + 2) >> 2]!;
    }
  }
}

function interpolate(source: RgbImage, { width, height }: Size, target: PlanarTarget): void {
  const { data, values, red, green, blue, stride } = target;
  const columns = horizontalTaps(source.width, width);
  const rows = verticalTaps(source.height, height);
  let upper = new Int32Array(width * 3);
  let lower = new Int32Array(width * 3);
  let upperRow = -1;
  let lowerRow = -1;
  for (let y = 0; y < height; y++) {
    const first = rows.first[y]!;
    const second = rows.second[y]!;
    // Going down, the lower source row is often the next line's upper one: it is not scaled again.
    if (first === lowerRow) {
      [upper, lower] = [lower, upper];
      [upperRow, lowerRow] = [lowerRow, upperRow];
    }
    if (first !== upperRow) scaleRow(source, first, columns, upper);
    upperRow = first;
    if (second !== lowerRow) scaleRow(source, second, columns, lower);
    lowerRow = second;

    const a = rows.firstWeight[y]!;
    const b = rows.secondWeight[y]!;
    const end = y * stride + width;
    for (let at = y * stride, i = 0; at < end; at++, i += 3) {
      data[red + at] = values[(((a * upper[i]!) >> 16) + ((b * lower[i]!) >> 16) + 2) >> 2]!;
      data[green + at] = values[(((a * upper[i + 1]!) >> 16) + ((b * lower[i + 1]!) >> 16) + 2) >> 2]!;
      data[blue + at] = values[(((a * upper[i + 2]!) >> 16) + ((b * lower[i + 2]!) >> 16) + 2) >> 2]!;
    }
  }
}

/** One source row, scaled; OpenCV drops the lowest 4 bits before the other direction. */
function scaleRow(source: RgbImage, row: number, taps: Taps, out: Int32Array): void {
  const from = source.data;
  const start = row * source.width * 3;
  for (let x = 0, i = 0; i < out.length; x++, i += 3) {
    const first = start + taps.first[x]!;
    const second = start + taps.second[x]!;
    const a = taps.firstWeight[x]!;
    const b = taps.secondWeight[x]!;
    out[i] = (from[first]! * a + from[second]! * b) >> 4;
    out[i + 1] = (from[first + 1]! * a + from[second + 1]! * b) >> 4;
    out[i + 2] = (from[first + 2]! * a + from[second + 2]! * b) >> 4;
  }
}

/** Source positions in bytes. At the borders the weight goes wholly to the last pixel. */
function horizontalTaps(from: number, to: number): Taps {
  const taps = emptyTaps(to);
  for (let i = 0; i < to; i++) {
    const { whole, rest } = sourcePosition(i, from, to);
    const inside = whole >= 0 && whole < from - 1;
    const first = Math.min(Math.max(whole, 0), from - 1);
    taps.first[i] = first * 3;
    taps.second[i] = (inside ? first + 1 : first) * 3;
    setWeights(taps, i, inside ? rest : 0);
  }
  return taps;
}

/** At the borders both taps are the same row, but keep their weights: each is rounded by itself. */
function verticalTaps(from: number, to: number): Taps {
  const taps = emptyTaps(to);
  for (let i = 0; i < to; i++) {
    const { whole, rest } = sourcePosition(i, from, to);
    taps.first[i] = Math.min(Math.max(whole, 0), from - 1);
    taps.second[i] = Math.min(Math.max(whole + 1, 0), from - 1);
    setWeights(taps, i, rest);
  }
  return taps;
}

function emptyTaps(length: number): Taps {
  const column = () => new Int32Array(length);
  return { first: column(), second: column(), firstWeight: column(), secondWeight: column() };
}

/** Centre of target pixel `index` in the source; OpenCV keeps the fraction as a 32-bit float. */
function sourcePosition(index: number, from: number, to: number): { whole: number; rest: number } {
  const scale = 1 / (to / from);
  const position = Math.fround((index + 0.5) * scale - 0.5);
  const whole = Math.floor(position);
  return { whole, rest: Math.fround(position - whole) };
}

function setWeights(taps: Taps, index: number, rest: number): void {
  taps.firstWeight[index] = roundHalfToEven(Math.fround(1 - rest) * ONE);
  taps.secondWeight[index] = roundHalfToEven(rest * ONE);
}
