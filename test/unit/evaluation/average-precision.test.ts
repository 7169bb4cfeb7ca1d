import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { averagePrecision, meanAveragePrecision, type EvaluatedFrame } from '../../../src/evaluation/index.js';

/** A box of 10 x 10 pixels, moved to the right: against `at(0)`, a shift of d overlaps by (10 - d) / (10 + d). */
const at = (x: number, label = 'player') => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });
const said = (confidence: number, x: number, label = 'player') => ({ ...at(x, label), confidence });

describe('average precision at an overlap of one half', () => {
  // Worked out by hand: the precision at 101 levels of recall (0, 0.01 … 1), made non-increasing, averaged.
  it.each<{ case: string; frames: EvaluatedFrame[]; expected: number }>([
    { case: 'is 1 when all is found', frames: [{ truth: [at(0)], detections: [said(0.9, 0)] }], expected: 1 },
    { case: 'is 0 when nothing is found', frames: [{ truth: [at(0)], detections: [] }], expected: 0 },
    {
      case: 'counts the half that is found: recall 0 … 0.50 has precision 1',
      frames: [{ truth: [at(0), at(50)], detections: [said(0.9, 0)] }],
      expected: 51 / 101,
    },
    {
      case: 'is halved by a surer false alarm in another frame',
      frames: [
        { truth: [], detections: [said(0.95, 0)] },
        { truth: [at(0)], detections: [said(0.9, 0)] },
      ],
      expected: 1 / 2,
    },
    {
      case: 'does not mind a less sure false alarm',
      frames: [{ truth: [at(0)], detections: [said(0.9, 0), said(0.1, 70)] }],
      expected: 1,
    },
    {
      case: 'takes an object found twice for one false alarm, before the second object: 51 x 1 + 50 x 2/3',
      frames: [{ truth: [at(0), at(50)], detections: [said(0.9, 0), said(0.8, 1), said(0.7, 50)] }],
      expected: (51 + (50 * 2) / 3) / 101,
    },
    {
      case: 'takes an overlap of 1/3 for a miss',
      frames: [{ truth: [at(0)], detections: [said(0.9, 5)] }],
      expected: 0,
    },
    {
      case: 'takes another label for a miss',
      frames: [{ truth: [at(0)], detections: [said(0.9, 0, 'referee')] }],
      expected: 0,
    },
  ])('$case', ({ frames, expected }) => {
    expect(averagePrecision(frames, 'player')).toBeCloseTo(expected, 12);
  });

  it('is not known for a class that never occurs', () => {
    expect(averagePrecision([{ truth: [], detections: [said(0.9, 0)] }], 'player')).toBeNaN();
  });

  it('averages over the classes that occur', () => {
    const frames = [{ truth: [at(0), at(50, 'ball')], detections: [said(0.9, 0)] }];
    expect(meanAveragePrecision(frames, ['player', 'ball', 'referee'])).toBe(0.5);
    expect(meanAveragePrecision(frames, ['referee'])).toBeNaN();
  });

  type Box = [number, number, number, number];
  interface Reference {
    frames: { truth: [string, ...Box][]; detections: [string, number, ...Box][] }[];
    averagePrecision: Record<string, number | null>;
  }
  const corners = ([x, y, w, h]: Box) => ({ x1: x, y1: y, x2: x + w, y2: y + h });

  it('agrees with pycocotools on random frames', async () => {
    // Made by the script beside it.
    const file = new URL('../../fixtures/average-precision/reference.json', import.meta.url);
    const cases = JSON.parse(await readFile(file, 'utf8')) as Reference[];
    expect(cases).toHaveLength(8);
    for (const { frames, averagePrecision: expected } of cases) {
      const evaluated = frames.map(({ truth, detections }) => ({
        truth: truth.map(([label, ...box]) => ({ label, ...corners(box) })),
        detections: detections.map(([label, confidence, ...box]) => ({ label, confidence, ...corners(box) })),
      }));
      for (const [label, value] of Object.entries(expected)) {
        if (value === null) expect(averagePrecision(evaluated, label)).toBeNaN();
        else expect(averagePrecision(evaluated, label)).toBeCloseTo(value, 9);
      }
    }
  });
});
