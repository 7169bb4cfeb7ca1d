import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCost, groupKeyframes, planRuns, wantedKeyframes } from '../../../src/video/decode-plan.js';

const cost = decodeCost({ width: 1280, height: 720 });
const everyGap = (gap: number, count: number) => Array.from({ length: count }, (_, index) => index * gap);
const indices = (run: { fromIndex: number; toIndex: number }) =>
  Array.from({ length: run.toIndex - run.fromIndex }, (_, offset) => run.fromIndex + offset);

describe('which wanted times are taken in one go', () => {
  it('each by itself where a keyframe lies before each', () => {
    const runs = planRuns({ fromIndex: 0, toIndex: 5, everySeconds: 30 }, everyGap(2, 100), 30, cost);
    expect(runs.map(indices)).toEqual([[0], [1], [2], [3], [4]]);
  });

  it('those of one group of pictures together', () => {
    // Keyframes at 0, 10, 20; wanted 0, 3, 6 … 27.
    const runs = planRuns({ fromIndex: 0, toIndex: 10, everySeconds: 3 }, everyGap(10, 3), 30, cost);
    expect(runs.map(indices)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
  });

  it('all in one go where there is one keyframe only', () => {
    expect(planRuns({ fromIndex: 0, toIndex: 99, everySeconds: 60 }, [0], 30, cost)).toEqual([
      { fromIndex: 0, toIndex: 99 },
    ]);
  });

  it('none is lost, and the plan never costs much more than decoding everything once', () => {
    const gaps = fc.array(fc.double({ min: 0.1, max: 40, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.double({ min: 0.05, max: 90, noNaN: true }), (keyframeGaps, everySeconds) => {
        let time = 0;
        const keyframes = [0, ...keyframeGaps.map((gap) => (time += gap))];
        const toIndex = Math.floor(time / everySeconds) + 1;
        const runs = planRuns({ fromIndex: 0, toIndex, everySeconds }, keyframes, 30, cost);
        expect(runs.flatMap(indices)).toEqual(Array.from({ length: toIndex }, (_, index) => index));
        const spent = runs.reduce((sum, run) => {
          const keyframe = Math.max(...keyframes.filter((each) => each <= run.fromIndex * everySeconds + 1e-6));
          return sum + cost.start + Math.max(0, (run.toIndex - 1) * everySeconds - keyframe) * 30 * cost.frame;
        }, 0);
        expect(spent).toBeLessThanOrEqual(1.06 * (cost.start + time * 30 * cost.frame) + 1e-6);
      }),
    );
  });
});

describe('which keyframes are taken', () => {
  it.each([
    // [interval, keyframes, wanted], by hand
    [5, [0, 4, 9, 20], [0, 4, 9, 20]],
    [10, [0, 4, 9, 20], [0, 9, 20]],
    [1, [0, 4], [0, 4]],
    [7, [3, 8], [3, 8]],
  ])('every %d s of %o: %o', (everySeconds, keyframes, wanted) => {
    expect(wantedKeyframes({ fromIndex: 0, toIndex: 21, everySeconds }, keyframes)).toEqual(wanted);
  });

  it('neighbours come in one pass, distant ones each by itself, and no pass has more than is allowed', () => {
    const keyframes = everyGap(2, 100);
    expect(groupKeyframes([0, 2, 4, 6], keyframes, cost, 3)).toEqual([[0, 2, 4], [6]]);
    expect(groupKeyframes([0, 60, 120], keyframes, cost, 3)).toEqual([[0], [60], [120]]);
  });
});
