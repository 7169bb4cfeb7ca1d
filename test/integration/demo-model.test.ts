import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDemoNetwork } from '../../models/demo-network/index.js';
import { detectInClip, scoreClass, type EvaluatedFrame } from '../../models/evaluation.js';
import { onnxModel } from '../../models/onnx-writer.js';
import { sha256 } from '../../src/common/files.js';
import { bundledClips, loadClipTruth } from '../../src/demo/index.js';
import { createDetector, type Detector } from '../../src/detector/index.js';

const MODEL = path.resolve('models/demo.onnx');

/** The card's F1 for a class on the clip used here, from every fifth picture. */
async function f1OfCard(label: string): Promise<number> {
  const card = await readFile('models/README.md', 'utf8');
  const rows = card.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return Number(rows.find((cells) => cells[1] === 'match-b' && cells[3] === label)?.[6]);
}

/** Fewer frames are looked at here than for the card. */
const TOLERANCE = 0.12;

let folder: string;
let detector: Detector;
let frames: EvaluatedFrame[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-demo-model-'));
  detector = await createDetector({ model: MODEL });
  const clip = { file: path.join(bundledClips(), 'match-b.mp4'), everySeconds: 1, outputFolder: folder };
  frames = await detectInClip(detector, await loadClipTruth(), clip);
});

afterAll(async () => {
  await detector.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the bundled model', () => {
  it('is described well enough to be used without any option', () => {
    expect(detector.model).toMatchObject({
      names: ['player', 'referee', 'ball'],
      inputWidth: 640,
      inputHeight: 384,
      dynamic: false,
      layout: 'yolov8',
      warnings: [],
    });
  });

  it('is what its script makes', () => {
    expect(sha256(onnxModel(buildDemoNetwork()))).toBe(detector.model.sha256);
  });

  it('is the one that its card describes', async () => {
    expect(await readFile('models/README.md', 'utf8')).toContain(detector.model.sha256);
  });

  // The truth comes from the generator that drew the clip; the evaluation has hand-computed tests of its own.
  it.each(['player', 'referee', 'ball'])('finds a %s about as well as its card says', async (label) => {
    const score = scoreClass(frames, label);
    expect(score.truePositives + score.falseNegatives).toBeGreaterThan(10);
    expect(Math.abs(score.f1 - (await f1OfCard(label)))).toBeLessThan(TOLERANCE);
  });

  it('is good, but leaves a reviewer something to correct', () => {
    const { falsePositives, falseNegatives } = scoreClass(frames, 'player');
    expect(falsePositives).toBeGreaterThan(0);
    expect(falseNegatives).toBeGreaterThan(0);
  });
});
