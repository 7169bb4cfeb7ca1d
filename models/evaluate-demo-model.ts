/**
 * Measures `models/demo.onnx` on the bundled clips: `npx tsx models/evaluate-demo-model.ts`. Prints a Markdown table for
 * the card (README.md) and writes the contact sheet beside it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledClips, loadClipTruth } from '../src/demo/index.js';
import { createDetector } from '../src/detector/index.js';
import { writeContactSheet } from './contact-sheet.js';
import { detectInClip, scoreClass, type ClassScore, type EvaluatedFrame } from './evaluation.js';

const CLIPS = ['match-a', 'match-b', 'match-c'];
/** Every fifth picture: 100 frames per clip. */
const EVERY_SECONDS = 0.4;
/** Which frames of all sampled ones the contact sheet shows: wide, near the goal, close, scoreboard, crowd. */
const SHEET = [2, 34, 62, 104, 148, 214];

const truth = await loadClipTruth();
const detector = await createDetector({ model: fileURLToPath(new URL('demo.onnx', import.meta.url)) });
const outputFolder = await mkdtemp(path.join(tmpdir(), 'frameloop-evaluation-'));
try {
  const all: EvaluatedFrame[] = [];
  process.stdout.write('| clip | frames | class | precision | recall | F1 |\n|---|---|---|---|---|---|\n');
  for (const clip of CLIPS) {
    const file = path.join(bundledClips(), `${clip}.mp4`);
    const frames = await detectInClip(detector, truth, { file, everySeconds: EVERY_SECONDS, outputFolder });
    report(clip, frames);
    all.push(...frames);
  }
  report('all', all);
  const sheet = fileURLToPath(new URL('demo-contact-sheet.jpg', import.meta.url));
  await writeContactSheet(
    sheet,
    SHEET.flatMap((index) => all[index] ?? []),
  );
  process.stdout.write(`\n${sheet}\n`);
} finally {
  await detector.close();
  await rm(outputFolder, { recursive: true, force: true });
}

function report(clip: string, frames: readonly EvaluatedFrame[]): void {
  for (const label of detector.model.names) {
    const score = scoreClass(frames, label);
    const figures = (['precision', 'recall', 'f1'] satisfies (keyof ClassScore)[]).map((key) => score[key].toFixed(2));
    process.stdout.write(`| ${clip} | ${frames.length} | ${label} | ${figures.join(' | ')} |\n`);
  }
}
