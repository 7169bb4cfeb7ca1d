import { describe, expect, it } from 'vitest';
import { measure } from '../../../src/report/measure.js';
import type { ReportFrame, ReportInput, ReportRound } from '../../../src/report/types.js';

const box = (x: number, label = 'player') => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });
const said = (x: number, confidence = 0.9, label = 'player') => ({ ...box(x, label), classId: 0, confidence });

/** A labelled frame in which the model is right about everything, of which a test changes what it is about. */
function frame(n: number, change: Partial<ReportFrame> = {}): ReportFrame {
  const detections = change.detections ?? [said(0)];
  return {
    frameId: `a_${n}`,
    videoKey: 'a',
    ptsSeconds: n,
    width: 100,
    height: 50,
    file: `/none/a_${n}.jpg`,
    arm: 'control',
    blind: false,
    score: 1,
    reason: 'drawn at random',
    detections,
    shown: change.blind ? [] : detections,
    state: 'reviewed',
    boxes: [box(0)],
    ...change,
  };
}
const round = (roundId: string, frames: ReportFrame[]): ReportRound => ({
  roundId,
  startedAt: '2026-01-01T00:00:00Z',
  frames,
});
const input = (rounds: ReportRound[], change: Partial<ReportInput> = {}): ReportInput => ({
  rounds,
  videos: [],
  labels: ['player'],
  ...change,
});
const missed = { detections: [], boxes: [box(0)] };

describe('what a report measures', () => {
  it('keeps control and chosen frames apart, and counts what nobody reviewed nowhere', () => {
    const frames = [
      ...[0, 1, 2, 3].map((n) => frame(n)),
      ...[4, 5].map((n) => frame(n, { arm: 'chosen', ...missed })),
      frame(6, { state: 'not_reviewed', boxes: [] }),
      frame(7, { state: undefined, boxes: [] }),
    ];
    const { agreement, costs } = measure(input([round('r1', frames)]));
    expect(agreement.map(({ arm, measured }) => [arm, measured.frames, measured.recall])).toEqual([
      ['control', 4, 1],
      ['chosen', 2, 0],
    ]);
    expect(costs).toMatchObject([
      { arm: 'control', cost: { frames: 4, changes: { kept: 4, added: 0 }, editsPerFrame: 0 } },
      { arm: 'chosen', cost: { frames: 2, changes: { kept: 0, added: 2 }, editsPerFrame: 1 } },
    ]);
  });

  it('says of control and of chosen frames whether the confidence can be believed, and where boxes are worth showing', () => {
    // On control frames a box at 0.9 is right; on chosen ones four of five are wrong.
    const frames = [
      ...[0, 1, 2].map((n) => frame(n)),
      ...[3, 4, 5, 6].map((n) => frame(n, { arm: 'chosen', detections: [said(50)], boxes: [] })),
      frame(7, { arm: 'chosen' }),
      frame(8, { arm: 'explore', ...missed }),
    ];
    const { calibration, agreement } = measure(input([round('r1', frames)]));
    expect(calibration.map(({ arm }) => arm)).toEqual(['control', 'chosen']);
    const [control, chosen] = calibration.map(({ measured }) => measured);
    expect(control?.error).toBeCloseTo(0.1, 12);
    expect(chosen?.error).toBeCloseTo(0.7, 12);
    expect(chosen?.bins[8]).toMatchObject({ detections: 5, precision: 0.2 });
    // Wilson's interval of 1 of 5, by hand: (0.2 + 3.8415/10 ± 1.96 sqrt(0.16/5 + 3.8415/100)) / (1 + 3.8415/5).
    expect(chosen?.bins[8]?.interval.low).toBeCloseTo(0.0362, 3);
    expect(chosen?.bins[8]?.interval.high).toBeCloseTo(0.6245, 3);
    expect(calibration.map(({ thresholds }) => thresholds)).toEqual([
      [{ label: 'player', confidence: 0.9, edits: 0, editsNow: 0 }],
      [{ label: 'player', confidence: 1, edits: 1, editsNow: 4 }],
    ]);
    expect(agreement[1]?.measured.classes[0]?.intervals.precision).toEqual(chosen?.bins[8]?.interval);
  });

  it('compares random frames that were seen with and without the model’s boxes; blind frames cost no edits', () => {
    const frames = [
      ...[0, 1, 2].map((n) => frame(n)),
      // People who are not told of the box at 50 do not find it.
      ...[3, 4].map((n) => frame(n, { blind: true, detections: [said(0), said(50)] })),
    ];
    const { anchoring, costs } = measure(input([round('r1', frames)]));
    expect(anchoring?.shown.f1).toBe(1);
    expect(anchoring?.blind.precision).toBe(1 / 2);
    expect(anchoring?.difference.low).toBeGreaterThan(0);
    expect(costs[0]?.cost).toMatchObject({ frames: 3, changes: { kept: 3, deleted: 0 } });
    expect(measure(input([round('r1', frames.slice(0, 3))])).anchoring).toBeUndefined();
  });

  it('is about one round, with the trend up to it', () => {
    const rounds = [
      round(
        'r1',
        [0, 1, 2, 3].map((n) => frame(n, n < 2 ? missed : {})),
      ),
      round(
        'r2',
        [4, 5, 6, 7].map((n) => frame(n)),
      ),
    ];
    const { agreement, trend, lastChange } = measure(input(rounds, { roundId: 'r2' }));
    expect(agreement[0]?.measured).toMatchObject({ frames: 4, f1: 1 });
    // Round 1: two hits, two objects missed: F1 = 2 * 2 / (4 + 2).
    expect(trend.map(({ roundId, fair }) => [roundId, fair.f1])).toEqual([
      ['r1', 4 / 6],
      ['r2', 1],
    ]);
    expect(lastChange?.value).toBeCloseTo(1 / 3, 12);
    expect(lastChange!.interval.low).toBeLessThanOrEqual(1 / 3);
  });

  it('adds up what each search brought', () => {
    const videos = ['a', 'b', 'c'].map((videoKey, i) => ({
      videoKey,
      query: i < 2 ? 'league' : undefined,
      durationSeconds: 120,
      sampled: 60,
      roundId: 'r1',
    }));
    const frames = [
      frame(0, missed),
      frame(1, { videoKey: 'b' }),
      frame(2, { videoKey: 'c', detections: [said(0), said(50)] }),
    ];
    expect(measure(input([round('r1', frames)], { videos })).yields).toEqual([
      { source: 'files and addresses', videos: 1, minutes: 2, sampled: 60, sent: 1, boxes: 1, edits: 1 },
      { source: 'league', videos: 2, minutes: 4, sampled: 120, sent: 2, boxes: 2, edits: 1 },
    ]);
  });
});
