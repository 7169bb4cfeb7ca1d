import { describe, expect, test } from 'vitest';
import { labelsNamed } from '../../../../src/review/web/model/labels.js';

describe('finding a label by its name', () => {
  const names = ['person', 'car', 'Racing Car', 'carrot', 'scarf'].map((name) => ({ name }));
  test.each([
    { text: '', expected: ['person', 'car', 'Racing Car', 'carrot', 'scarf'] },
    { text: ' CAR ', expected: ['car', 'carrot', 'Racing Car', 'scarf'] },
    { text: 'racing', expected: ['Racing Car'] },
    { text: 'bus', expected: [] },
  ])('"$text"', ({ text, expected }) => {
    expect(labelsNamed(names, text).map(({ name }) => name)).toEqual(expected);
  });
});
