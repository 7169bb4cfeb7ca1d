import { describe, expect, it } from 'vitest';
import { formatGeneral, toLabelLines } from '../../../src/detector/label-file.js';

describe('label files', () => {
  // Python: '%g' % x
  it.each([
    [0, '0'],
    [17, '17'],
    [0.5, '0.5'],
    [0.1577095091342926, '0.15771'],
    [0.31533747911453247, '0.315337'],
    [0.00012345678, '0.000123457'],
    [0.000012345678, '1.23457e-05'],
    [1234567, '1.23457e+06'],
    [999999.5, '1e+06'],
    [0.99999999, '1'],
  ])('%d is printed as %s', (value, text) => expect(formatGeneral(value)).toBe(text));

  it('say class, centre and size as shares, and the confidence where it is wanted', () => {
    const detection = { classId: 2, label: 'x', confidence: 0.75, x1: 10, y1: 20, x2: 30, y2: 60 };
    const size = { width: 200, height: 100 };
    expect(toLabelLines([detection, detection], size, false)).toBe('2 0.1 0.4 0.1 0.4\n2 0.1 0.4 0.1 0.4\n');
    expect(toLabelLines([detection], size, true)).toBe('2 0.1 0.4 0.1 0.4 0.75\n');
    expect(toLabelLines([], size, false)).toBe('');
  });
});
