import type { Detection } from '../common/types.js';
import type { Size } from './types.js';

/**
 * The lines that Ultralytics' `save_txt` writes: class, centre and size as shares of the picture, and the confidence if
 * wanted; computed in 32-bit floats and printed with six significant digits.
 */
export function toLabelLines(detections: readonly Detection[], { width, height }: Size, confidence: boolean): string {
  return detections
    .map(({ classId, x1, y1, x2, y2, confidence: score }) => {
      const numbers = [
        classId,
        share(middle(x1, x2), width),
        share(middle(y1, y2), height),
        share(Math.fround(x2 - x1), width),
        share(Math.fround(y2 - y1), height),
        ...(confidence ? [score] : []),
      ];
      return `${numbers.map(formatGeneral).join(' ')}\n`;
    })
    .join('');
}

function middle(a: number, b: number): number {
  return Math.fround(Math.fround(a + b) / 2);
}

function share(value: number, whole: number): number {
  return Math.fround(value / whole);
}

/** C's `%g`: six significant digits without trailing zeros; exponents of at least two digits below 1e-4 and from 1e6. */
export function formatGeneral(value: number): string {
  const [digits = '0', exponent = '0'] = value.toExponential(5).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return trimZeros(value.toFixed(5 - power));
  return `${trimZeros(digits)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
