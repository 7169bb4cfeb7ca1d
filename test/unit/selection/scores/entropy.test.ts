import { describe, expect, it } from 'vitest';
import { learnClasses } from '../../../../src/selection/class-knowledge.js';
import { binaryEntropy, entropy } from '../../../../src/selection/scores/entropy.js';
import { aggregate } from '../../../../src/selection/scores/score.js';
import { candidate } from '../candidates.js';

const uncertainty = (frame: ReturnType<typeof candidate>, how: 'sum' | 'max' | 'mean' = 'sum') =>
  aggregate(entropy.values(frame, { classes: learnClasses([]) }), how);

describe('entropy score', () => {
  // By hand from -p log2 p - (1-p) log2 (1-p): e.g. for 1/4: 0.25 * 2 + 0.75 * log2(4/3) = 0.5 + 0.75 * 0.415037.
  it.each([
    [0, 0],
    [0.5, 1],
    [0.25, 0.811278],
    [0.75, 0.811278],
    [0.9, 0.468996],
    [1, 0],
    [Number.NaN, 0],
  ])('a confidence of %f is worth %f bits', (confidence, bits) => {
    expect(binaryEntropy(confidence)).toBeCloseTo(bits, 6);
  });

  it('adds up over the boxes, in whatever order they come', () => {
    const frame = candidate({ confidences: [0.9, 0.5, 0.25] });
    expect(uncertainty(frame)).toBeCloseTo(0.468996 + 1 + 0.811278, 5);
    expect(uncertainty({ ...frame, detections: [...frame.detections].reverse() })).toBe(uncertainty(frame));
  });

  it('is the greatest or the mean of the boxes where that is asked for', () => {
    const frame = candidate({ confidences: [0.9, 0.25] });
    expect(uncertainty(frame, 'max')).toBeCloseTo(0.811278, 5);
    expect(uncertainty(frame, 'mean')).toBeCloseTo((0.468996 + 0.811278) / 2, 5);
  });

  it('does not let a crowd count for more than 20 boxes, and of these the least sure ones count', () => {
    expect(uncertainty(candidate({ confidences: Array<number>(200).fill(0.5) }))).toBe(20);
    const crowd = candidate({ confidences: [...Array<number>(30).fill(0.9), 0.5, 0.25] });
    expect(uncertainty(crowd)).toBeCloseTo(1 + 0.811278 + 18 * 0.468996, 4);
    expect(uncertainty(crowd, 'mean')).toBeCloseTo((1 + 0.811278 + 30 * 0.468996) / 32, 5);
  });

  it('is 0 for a frame in which the model sees nothing', () => {
    expect(uncertainty(candidate({ confidences: [] }))).toBe(0);
  });
});
