import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gridIndex, samplingGrid, selectGrid, selectTimes } from '../../../src/video/sampling-grid.js';

describe('the wanted times', () => {
  it.each([
    // [options, index of the first wanted time], by hand
    [{ everySeconds: 5 }, 0],
    [{ everySeconds: 5, skipStartSeconds: 5 }, 1],
    [{ everySeconds: 5, skipStartSeconds: 5.1 }, 2],
    [{ everySeconds: 5, afterSeconds: 0 }, 1],
    [{ everySeconds: 5, afterSeconds: 9.999 }, 2],
    [{ everySeconds: 5, afterSeconds: 10 }, 3],
    // 0.3 / 0.1 is 2.9999999999999996 in binary fractions.
    [{ everySeconds: 0.1, afterSeconds: 0.3 }, 4],
    [{ everySeconds: 5, skipStartSeconds: 30, afterSeconds: 10 }, 6],
  ])('%o begin at k = %d', (options, firstIndex) => {
    expect(samplingGrid(100, options).firstIndex).toBe(firstIndex);
  });

  it('the end of the video counts only where something is skipped there', () => {
    expect(samplingGrid(100, { everySeconds: 5 }).endSeconds).toBe(Infinity);
    expect(samplingGrid(100, { everySeconds: 5, skipEndSeconds: 10 }).endSeconds).toBe(90);
  });

  it('going on after any frame wants exactly the times that are left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: 500 }), (hundredths, k) => {
        const everySeconds = hundredths / 100;
        const grid = samplingGrid(1e6, { everySeconds });
        const seconds = k * everySeconds;
        expect(gridIndex(grid, seconds)).toBe(k);
        expect(samplingGrid(1e6, { everySeconds, afterSeconds: seconds }).firstIndex).toBe(k + 1);
      }),
    );
  });

  it.each([
    { everySeconds: 0 },
    { everySeconds: -1 },
    { everySeconds: NaN },
    { everySeconds: Infinity },
    { everySeconds: 5, skipStartSeconds: -1 },
    { everySeconds: 5, skipEndSeconds: NaN },
  ])('%o is refused', (options) => {
    expect(() => samplingGrid(100, options)).toThrow(expect.objectContaining({ code: 'INVALID_SAMPLING' }));
  });

  it('filter expressions hold plain decimal numbers, also for tiny and negative ones', () => {
    expect(selectTimes([1e-7])).not.toMatch(/e-/);
    expect(selectGrid(1e-4, 0, -0.04, 0)).toContain('(t-(-0.040001000))/0.000100000');
  });
});
