import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../src/config/index.js';

describe('durations', () => {
  // Seconds computed by hand.
  it.each([
    [180, 180],
    [0.5, 0.5],
    [0, 0],
    ['180', 180],
    ['180s', 180],
    ['3m', 180],
    ['1.5m', 90],
    ['2h', 7200],
    ['30d', 2_592_000],
    ['500ms', 0.5],
    [' 3 m ', 180],
  ])('%j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    [-1],
    ['-1s'],
    [''],
    ['3 weeks'],
    ['3M'],
    ['m'],
    ['1m30s'],
    ['1e3'],
    ['.5'],
    [NaN],
    [Infinity],
    ['Infinity'],
  ])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('a unit is so many of the next smaller one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (count) => {
        expect(parseDuration(`${count}d`)).toBe(parseDuration(`${count * 24}h`));
        expect(parseDuration(`${count}h`)).toBe(parseDuration(`${count * 60}m`));
        expect(parseDuration(`${count}m`)).toBe(parseDuration(`${count * 60}s`));
        expect(parseDuration(`${count}s`)).toBe(parseDuration(count));
        expect(parseDuration(`${count * 1000}ms`)).toBeCloseTo(count, 9);
      }),
    );
  });

  it('reads whatever text comes without throwing, and never gives a negative or endless time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double()), (value) => {
        const seconds = parseDuration(value);
        expect(seconds === undefined || (seconds >= 0 && Number.isFinite(seconds))).toBe(true);
      }),
    );
  });
});
