import { describe, expect, it } from 'vitest';
import { learnClasses } from '../../../../src/selection/class-knowledge.js';
import { flicker } from '../../../../src/selection/scores/flicker.js';
import { candidate } from '../candidates.js';

type Boxes = [label: string, confidence: number, x1: number, y1: number][];
const flickering = (previous: Boxes | undefined, boxes: Boxes, next: Boxes | undefined) =>
  flicker.values(candidate({ boxes }), {
    previous: previous && candidate({ boxes: previous }),
    next: next && candidate({ boxes: next }),
    classes: learnClasses([]),
  });

// Boxes are 10 x 10 pixels: moved by 2 they overlap by 80 / 120, moved by 5 by 50 / 150.
describe('flicker', () => {
  it('finds what is missing between two frames that show it, as sure as they are', () => {
    expect(flickering([['ball', 0.6, 0, 0]], [], [['ball', 0.8, 2, 0]])).toEqual([expect.closeTo(0.7, 12)]);
  });

  it('finds the box that stands alone in time, where the rest stands still', () => {
    const still: Boxes = [['player', 0.9, 50, 50]];
    expect(flickering(still, [...still, ['ball', 0.4, 0, 0]], still)).toEqual([expect.closeTo(0.4, 12)]);
  });

  it('finds a label that changes for a moment', () => {
    expect(flickering([['ball', 0.6, 0, 0]], [['head', 0.5, 1, 0]], [['ball', 0.8, 2, 0]])).toEqual([0.5]);
  });

  it.each<[string, Boxes | undefined, Boxes, Boxes | undefined]>([
    ['where everything is seen all the time', [['ball', 0.6, 0, 0]], [['ball', 0.6, 1, 0]], [['ball', 0.8, 2, 0]]],
    ['at the beginning of a shot', [], [['ball', 0.6, 0, 0]], [['ball', 0.8, 2, 0]]],
    ['without a frame before', undefined, [['ball', 0.6, 0, 0]], []],
    ['without a frame after', [], [['ball', 0.6, 0, 0]], undefined],
  ])('says nothing %s', (_, previous, boxes, next) => {
    expect(flickering(previous, boxes, next).filter((value) => value > 0)).toEqual([]);
  });

  it('says nothing of a lone box where everything moves', () => {
    const values = flickering([['player', 0.9, 50, 50]], [['ball', 0.4, 0, 0]], [['player', 0.9, 80, 50]]);
    expect(values).toEqual([0]);
  });
});
