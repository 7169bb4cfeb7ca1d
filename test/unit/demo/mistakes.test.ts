import { describe, expect, it } from 'vitest';
import type { LabelledBox } from '../../../src/common/types.js';
import { correctFrame } from '../../../src/demo/correct.js';
import { withMistakes } from '../../../src/demo/mistakes.js';

const LABELS = ['player', 'referee', 'ball'];
const box = (x: number, label = 'player'): LabelledBox => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });

/** In this order: good, loose (9/11 = 0.82), of the wrong class, false; one object is missed. */
const preLabels = [box(0), box(31), box(60, 'ball'), box(200)];
const truth = [box(0), box(30), box(60), box(100)];

function review(rate: number, frame = 'frame', seed = 1, labels = LABELS) {
  const options = { preLabels, labels, frame, rate, seed };
  const { correction, mistakes } = withMistakes(correctFrame(preLabels, truth), options);
  const boxes = correction.boxes.map(({ decision, label, x1 }) => `${decision} ${label} at ${x1}`);
  return { boxes, deleted: correction.deleted, mistakes };
}

describe('a scripted reviewer who errs', () => {
  it('changes nothing of a careful review at rate 0', () => {
    expect(review(0)).toEqual({
      boxes: ['kept player at 0', 'moved player at 30', 'relabelled player at 60', 'added player at 100'],
      deleted: 1,
      mistakes: 0,
    });
  });

  it('overlooks whatever needs a change at rate 1, and spoils what was good', () => {
    const { boxes, deleted, mistakes } = review(1);
    expect(boxes[0]).toMatch(/^relabelled (referee|ball) at 0$/);
    expect(boxes.slice(1)).toEqual(['kept player at 31', 'kept ball at 60', 'kept player at 200']);
    expect({ deleted, mistakes }).toEqual({ deleted: 0, mistakes: 5 });
  });

  it('deletes a good box where there is no other label to confuse it with', () => {
    expect(review(1, 'frame', 1, ['player'])).toMatchObject({ deleted: 1, mistakes: 5 });
  });

  it('makes the same mistakes every time, and others with another seed', () => {
    const frames = Array.from({ length: 50 }, (_, index) => `frame ${index}`);
    const all = (seed: number) => frames.map((frame) => review(0.3, frame, seed));
    expect(all(1)).toEqual(all(1));
    expect(all(1)).not.toEqual(all(2));
  });

  it('errs at the rate it was told', () => {
    const reviews = Array.from({ length: 2000 }, (_, index) => review(0.1, `frame ${index}`));
    const mistakes = reviews.reduce((sum, each) => sum + each.mistakes, 0);
    // 10,000 decisions at 0.1: mean 1000, standard deviation sqrt(10,000 x 0.1 x 0.9) = 30; five of them on each side.
    expect(mistakes).toBeGreaterThan(850);
    expect(mistakes).toBeLessThan(1150);
  });
});
