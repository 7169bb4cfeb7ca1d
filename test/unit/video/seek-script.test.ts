import { describe, expect, it } from 'vitest';
import { fitsSeekScript, seekPosition, seekScript } from '../../../src/video/seek-script.js';

describe('several moments as one input', () => {
  it('names each part in microseconds, with quotes in the name of the file as ffmpeg wants them', () => {
    expect(seekScript("/a/it's.mp4", [0, 180.5])).toBe(
      String.raw`ffconcat version 1.0
file 'file:/a/it'\''s.mp4'
inpoint 0us
outpoint 1000us
duration 1000000000000us
file 'file:/a/it'\''s.mp4'
inpoint 180500000us
outpoint 180501000us
duration 1000000000000us
`,
    );
  });

  it('does not take a name that would break its lines', () => {
    expect(['/a/b.mp4', '/a/b\n.mp4', '/a/\r.mp4'].map(fitsSeekScript)).toEqual([true, false, false]);
  });

  // By how many ticks the times of a part are moved: Python's fractions, halves rounded away from zero.
  it.each<[index: number, moment: number, unit: [number, number], moved: number]>([
    [0, 0, [1, 15360], 0],
    [1, 180, [1, 15360], 15357235200],
    [0, -1.5, [1, 1000], 1500],
    [0, 0.0005, [1, 1000], -1],
    [1, 0.0005, [1, 1000], 1000000000],
    [1, 0, [1001, 30000000], 29970029970],
    [1, 0.000006, [1, 90000], 89999999999],
    [1, 0.00005, [1, 90000], 89999999996],
    [2, 1.234567, [1001, 30000], 59940023],
  ])('finds the time in the file: part %i, %d s, unit %j', (index, moment, unit, moved) => {
    const moments = [0, 0, 0].with(index, moment);
    for (const ticks of [-7, 0, 1, 123456]) {
      expect(seekPosition(moved + ticks, moments, unit)).toEqual({ index, ticks });
    }
  });
});
