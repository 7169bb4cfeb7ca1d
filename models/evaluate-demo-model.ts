/**
 * Measures `models/demo.onnx` on held-out matches of both leagues: `npx tsx models/evaluate-demo-model.ts [MODEL]`. Prints
 * a Markdown table for the card (README.md) and writes the contact sheet beside it.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createDetector } from '../src/detector/index.js';
import { averagePrecision, meanAveragePrecision } from '../src/evaluation/index.js';
import { toSheet, writeContactSheet, type SheetFrame } from './contact-sheet.js';
import { detectInHeldOut, LEAGUES, MEASURED_FROM, type HeldOutFrame } from './held-out.js';

/** What a person is shown: the default of `detector.confidence`. */
const SHOWN = 0.25;

const model = process.argv[2] ?? fileURLToPath(new URL('demo.onnx', import.meta.url));
const detector = await createDetector({ model, confidence: MEASURED_FROM, threads: availableParallelism() });
try {
  const { names } = detector.model;
  const tiles: SheetFrame[] = [];
  process.stdout.write('| league | class | objects | AP50 |\n|---|---|---|---|\n');
  for (const league of LEAGUES) {
    tiles.push(
      ...(await detectInHeldOut(detector, league, async (frames) => {
        for (const label of names) row(league, label, objects(frames, label), averagePrecision(frames, label));
        row(league, 'all', objects(frames), meanAveragePrecision(frames, names));
        return Promise.all(pickForSheet(frames).map((frame) => toSheet(frame, SHOWN)));
      })),
    );
  }
  const sheet = fileURLToPath(new URL('demo-contact-sheet.jpg', import.meta.url));
  await writeContactSheet(sheet, tiles);
  process.stdout.write(`\n${sheet}\n`);
} finally {
  await detector.close();
}

function row(league: string, label: string, count: number, score: number): void {
  process.stdout.write(`| ${league} | ${label} | ${count} | ${score.toFixed(3)} |\n`);
}

function objects(frames: readonly HeldOutFrame[], label?: string): number {
  return frames.flatMap(({ truth }) => truth).filter((box) => label === undefined || box.label === label).length;
}

/** Four frames with objects, spread over the matches, and the empty one with the surest false alarm. */
function pickForSheet(frames: readonly HeldOutFrame[]): HeldOutFrame[] {
  const full = frames.filter(({ truth }) => truth.length >= 5);
  const spread = [0.1, 0.37, 0.63, 0.9].flatMap((share) => full[Math.floor(share * full.length)] ?? []);
  const surest = ({ detections }: HeldOutFrame): number => detections[0]?.confidence ?? 0;
  const empty = frames.filter(({ truth }) => truth.length === 0).sort((a, b) => surest(b) - surest(a));
  return [...spread, ...empty.slice(0, 1)];
}
