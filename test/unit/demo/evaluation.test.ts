import { describe, expect, it } from 'vitest';
import { scoreClass } from '../../../models/evaluation.js';
import type { Detection, LabelledBox } from '../../../src/common/types.js';

const found = (x: number, confidence: number, label = 'player'): Detection => ({
  ...{ classId: 0, label, confidence },
  ...{ x1: x, y1: 0, x2: x + 10, y2: 10 },
});
const object = (x: number, label = 'player'): LabelledBox => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });

describe('the evaluation behind the model card', () => {
  it('counts as a person with pencil and paper would', () => {
    const score = scoreClass(
      [
        // One hit, one duplicate of it, one false alarm, one object missed; the ball is another class.
        {
          detections: [found(2, 0.6), found(0, 0.9), found(80, 0.5), found(40, 0.9, 'ball')],
          truth: [object(0), object(40)],
        },
        // Overlap 6/14 = 0.43: neither a hit nor an excuse.
        { detections: [found(4, 0.9)], truth: [object(0)] },
        // Overlap 7/13 = 0.54: a hit.
        { detections: [found(3, 0.3)], truth: [object(0)] },
      ],
      'player',
    );
    expect(score).toMatchObject({ truePositives: 2, falsePositives: 3, falseNegatives: 2 });
    expect(score.precision).toBeCloseTo(2 / 5);
    expect(score.recall).toBeCloseTo(2 / 4);
    expect(score.f1).toBeCloseTo(4 / 9);
  });
});
