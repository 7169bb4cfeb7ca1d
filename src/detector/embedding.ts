import type { RgbImage } from './types.js';

/** The picture is looked at as so many by so many cells ... */
const CELLS = 32;

/** ... each of which is the mean of so many by so many pixels ... */
const SAMPLES = 2;

/** ... and described in so many by so many regions. */
const REGIONS = 4;

/** Directions of edges that are told apart, over half a turn: light to dark is the same edge as dark to light. */
const DIRECTIONS = 4;

const COLOURS = REGIONS * REGIONS * 3;
const EDGES = REGIONS * REGIONS * DIRECTIONS;

/**
 * What a picture looks like, without any network: for each of 4x4 regions its mean colour (brightness and the two
 * colour differences of Rec. 601), then how strong its edges are in 4 directions (a histogram of oriented gradients,
 * N. Dalal and B. Triggs, 2005, with the square root of its sums). Colours and edges count half each.
 *
 * Same scene from the same camera: distance about 0.1; other scenes: 0.5 and more; at most 2.
 *
 * @returns 48 + 64 numbers of Euclidean length 1, rounded to 4 decimals
 */
export function embedPicture(picture: RgbImage): number[] {
  const { brightness, blue, red } = shrink(picture);
  const colours = new Float64Array(COLOURS);
  for (const [channel, plane] of [brightness, blue, red].entries()) {
    for (const [cell, value] of plane.entries()) colours[regionOf(cell) * 3 + channel]! += value;
  }
  const whole = [...unitLength(colours), ...unitLength(edges(brightness))];
  return [...unitLength(Float64Array.from(whole))].map((value) => Math.round(value * 1e4) / 1e4);
}

/** Means of cells: brightness and colour differences, each around 0. */
function shrink({ width, height, data }: RgbImage) {
  const brightness = new Float64Array(CELLS * CELLS);
  const blue = new Float64Array(CELLS * CELLS);
  const red = new Float64Array(CELLS * CELLS);
  const xs = samplePositions(width);
  const ys = samplePositions(height);
  for (const [row, y] of ys.entries()) {
    const line = y * width;
    for (const [column, x] of xs.entries()) {
      const at = (line + x) * 3;
      const cell = Math.floor(row / SAMPLES) * CELLS + Math.floor(column / SAMPLES);
      const luma = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      brightness[cell]! += luma - 127.5;
      blue[cell]! += 0.564 * (data[at + 2]! - luma);
      red[cell]! += 0.713 * (data[at]! - luma);
    }
  }
  return { brightness, blue, red };
}

/** Evenly spread along a side of `length` pixels. */
function samplePositions(length: number): number[] {
  const count = CELLS * SAMPLES;
  return Array.from({ length: count }, (_, i) => Math.min(length - 1, Math.floor(((i + 0.5) * length) / count)));
}

function regionOf(cell: number): number {
  const side = CELLS / REGIONS;
  return Math.floor(cell / CELLS / side) * REGIONS + Math.floor((cell % CELLS) / side);
}

/** For each region the strength of edges by direction. An edge between two directions counts for both. */
function edges(brightness: Float64Array): Float64Array {
  const sums = new Float64Array(EDGES);
  for (let y = 1; y < CELLS - 1; y++) {
    for (let x = 1; x < CELLS - 1; x++) {
      const cell = y * CELLS + x;
      const dx = brightness[cell + 1]! - brightness[cell - 1]!;
      const dy = brightness[cell + CELLS]! - brightness[cell - CELLS]!;
      const strength = Math.hypot(dx, dy);
      if (strength === 0) continue;
      const turn = ((Math.atan2(dy, dx) / Math.PI + 1) % 1) * DIRECTIONS;
      const direction = Math.floor(turn) % DIRECTIONS;
      const share = turn - Math.floor(turn);
      const region = regionOf(cell) * DIRECTIONS;
      sums[region + direction]! += strength * (1 - share);
      sums[region + ((direction + 1) % DIRECTIONS)]! += strength * share;
    }
  }
  return sums.map(Math.sqrt);
}

function unitLength(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
