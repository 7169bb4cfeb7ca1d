import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectInHeldOut, LEAGUES, MEASURED_FROM, type HeldOutLeague } from '../../models/held-out.js';
import { createDetector, type Detector } from '../../src/detector/index.js';
import { averagePrecision, meanAveragePrecision } from '../../src/evaluation/index.js';

const MODEL = path.resolve('models/demo.onnx');
const CLASSES = ['player', 'goalkeeper', 'referee', 'ball', 'goal', 'corner_flag'];

/** The AP50 that the card states: by league, then by class; `all` is the mean. */
async function readCard(): Promise<(league: HeldOutLeague, label: string) => number> {
  const card = await readFile('models/README.md', 'utf8');
  const rows = card.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return (league, label) => Number(rows.find((cells) => cells[1] === league && cells[2] === label)?.[4]);
}

let detector: Detector;
let card: (league: HeldOutLeague, label: string) => number;

beforeAll(async () => {
  detector = await createDetector({ model: MODEL, confidence: MEASURED_FROM });
  card = await readCard();
});
afterAll(() => detector.close());

describe('the bundled model', () => {
  it('is described well enough to be used without any option', () => {
    const { names, inputWidth, inputHeight, dynamic, layout, warnings } = detector.model;
    expect({ names, layout, warnings }).toEqual({ names: CLASSES, layout: 'yolov8', warnings: [] });
    expect({ inputWidth, inputHeight, dynamic }).toEqual({ inputWidth: 640, inputHeight: 384, dynamic: false });
  });

  it('is small enough to be bundled, and is the one that its card describes', async () => {
    const { size } = await stat(MODEL);
    expect(size).toBeLessThanOrEqual(2_000_000);
    const text = await readFile('models/README.md', 'utf8');
    expect(text).toContain(detector.model.sha256);
    expect(text).toContain(`${size} bytes`);
  });

  // The truth comes from the generator that drew the matches; the measure agrees with pycocotools (test/unit/evaluation).
  describe.each(LEAGUES)('on held-out matches of the %s league', (league) => {
    it('does as well as its card says', async () => {
      const measured = await detectInHeldOut(detector, league, (frames) => ({
        ...Object.fromEntries(CLASSES.map((label) => [label, averagePrecision(frames, label)])),
        all: meanAveragePrecision(frames, CLASSES),
      }));
      for (const [label, score] of Object.entries(measured)) {
        expect(Math.abs(score - card(league, label)), `${label}: ${score}`).toBeLessThanOrEqual(0.02);
      }
    });
  });

  it('is good on the league that it learned from, and clearly worse on the other', () => {
    expect(card('daylight', 'all')).toBeGreaterThanOrEqual(0.75);
    expect(card('floodlit', 'all')).toBeLessThan(card('daylight', 'all') - 0.1);
  });
});
