import type { RgbImage } from './types.js';

const COLUMNS = 9;
const ROWS = 8;

/** Pixels looked at per cell and direction: enough for a steady mean, and independent of the picture's size. */
const SAMPLES = 24;

/**
 * Difference hash: the picture's brightness in 9 columns by 8 rows; each bit says whether a cell is brighter than its
 * left neighbour (N. Krawetz, "Kind of Like That", 2013). Small Hamming distance = looks alike.
 *
 * @returns 64 bits as 16 hex digits, row by row, left first
 */
export function differenceHash(picture: RgbImage): string {
  const cells = meanBrightness(picture);
  let hash = '';
  for (let row = 0; row < ROWS; row++) {
    let bits = 0;
    for (let column = 1; column < COLUMNS; column++) {
      const at = row * COLUMNS + column;
      bits = (bits << 1) | (cells[at]! > cells[at - 1]! ? 1 : 0);
    }
    hash += bits.toString(16).padStart(2, '0');
  }
  return hash;
}

function meanBrightness({ width, height, data }: RgbImage): Float64Array {
  const cells = new Float64Array(COLUMNS * ROWS);
  for (let row = 0; row < ROWS; row++) {
    const ys = samplePositions(row, ROWS, height);
    for (let column = 0; column < COLUMNS; column++) {
      const xs = samplePositions(column, COLUMNS, width);
      let sum = 0;
      for (const y of ys) {
        for (const x of xs) {
          const at = (y * width + x) * 3;
          // Rec. 601 luma in thousandths, as whole numbers: equal areas give equal sums.
          sum += 299 * data[at]! + 587 * data[at + 1]! + 114 * data[at + 2]!;
        }
      }
      cells[row * COLUMNS + column] = sum / (ys.length * xs.length);
    }
  }
  return cells;
}

/** Evenly spread pixel positions inside cell `index` of `count` along a side of `length` pixels; at least one. */
function samplePositions(index: number, count: number, length: number): number[] {
  const start = (index * length) / count;
  const size = length / count;
  const samples = Math.max(1, Math.min(SAMPLES, Math.floor(size)));
  return Array.from({ length: samples }, (_, i) =>
    Math.min(length - 1, Math.floor(start + ((i + 0.5) * size) / samples)),
  );
}
