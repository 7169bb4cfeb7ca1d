import { cellBrightness } from './brightness.js';
import type { RgbImage } from './types.js';

const COLUMNS = 9;
const ROWS = 8;

/**
 * Difference hash: the picture's brightness in 9 columns by 8 rows; each bit says whether a cell is brighter than its
 * left neighbour (N. Krawetz, "Kind of Like That", 2013). Small Hamming distance = looks alike.
 *
 * @returns 64 bits as 16 hex digits, row by row, left first
 */
export function differenceHash(picture: RgbImage): string {
  const cells = cellBrightness(picture, COLUMNS, ROWS);
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
