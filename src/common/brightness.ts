import type { RgbImage } from './types.js';

/** Pixels looked at per cell and direction: enough for a steady mean, and independent of the picture's size. */
const SAMPLES = 24;

/**
 * A picture's brightness in a grid of cells, row by row from the top: Rec. 601 luma in thousandths (0..255,000), the
 * mean of evenly spread pixels of each cell.
 */
export function cellBrightness({ width, height, data }: RgbImage, columns: number, rows: number): Float64Array {
  const cells = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const ys = samplePositions(row, rows, height);
    for (let column = 0; column < columns; column++) {
      const xs = samplePositions(column, columns, width);
      let sum = 0;
      for (const y of ys) {
        for (const x of xs) {
          const at = (y * width + x) * 3;
          // Whole numbers: equal areas give equal sums.
          sum += 299 * data[at]! + 587 * data[at + 1]! + 114 * data[at + 2]!;
        }
      }
      cells[row * columns + column] = sum / (ys.length * xs.length);
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
