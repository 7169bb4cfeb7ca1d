import { describe, expect, test } from 'vitest';
import { countWithin } from '../../../../src/review/web/model/budget.js';

describe('what a budget holds', () => {
  test.each([
    { costs: [], expected: 0 },
    { costs: [4, 4, 2], expected: 3 },
    { costs: [4, 4, 3, 1], expected: 2 },
    { what: 'the newest, though it alone costs more', costs: [11, 1], expected: 1 },
  ])('$costs of 10: the first $expected', ({ costs, expected }) => {
    expect(countWithin(10, costs)).toBe(expected);
  });
});
