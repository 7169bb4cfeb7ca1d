import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkLeaks, mergeIntoDataset, readDataset } from '../../src/dataset/index.js';
import { writeReport, type ReportFrame, type ReportInput } from '../../src/report/index.js';
import { makeFrames } from './dataset/footage.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'frameloop-report-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Two rounds on real pictures; what people and the model said is made up. */
async function makeInput(): Promise<ReportInput> {
  const folder = path.join(root, 'dataset');
  const made = [await makeFrames(root, 'file-aa', 12), await makeFrames(root, 'file-bb', 4)];
  await mergeIntoDataset({ folder, names: ['person', 'ball'], frames: made.flat(), split: { val: 0.2, test: 0 } });
  const dataset = (await readDataset(folder))!;
  const toFrame = (frame: (typeof made)[number][number], i: number): ReportFrame => ({
    ...frame,
    ptsSeconds: i,
    arm: (['control', 'chosen', 'explore'] as const)[i % 3]!,
    blind: i % 6 === 0,
    score: i,
    reason: i === 1 ? 'unlike <b>anything</b> & "labelled"' : 'drawn at random',
    detections: frame.preLabels,
    shown: i % 6 === 0 ? [] : frame.preLabels,
    boxes: i % 4 === 0 ? [] : frame.boxes,
    state: i % 4 === 0 ? 'empty' : 'reviewed',
  });
  return {
    roundId: 'r2',
    rounds: made.map((frames, i) => ({
      roundId: `r${i + 1}`,
      startedAt: `2026-03-0${i + 1}T10:00:00Z`,
      frames: frames.map(toFrame),
    })),
    videos: [
      { videoKey: 'file-bb', query: 'a search', durationSeconds: 60, sampled: 30, roundId: 'r2' },
      { videoKey: 'file-cc', query: 'how long is not known', sampled: 3, roundId: 'r2' },
      { videoKey: 'file-dd', query: 'of no length', durationSeconds: 0, sampled: 1, roundId: 'r2' },
    ],
    funnel: {
      steps: [
        { label: 'sampled', count: 30 },
        { label: 'sent to people', count: 4 },
      ],
      leftOut: [{ step: 'selection', reason: 'near duplicate in the round', count: 26 }],
    },
    labels: ['person'],
    dataset: {
      ...{ version: dataset.version, names: dataset.yaml.names, records: dataset.records, versions: [] },
      leakCheck: checkLeaks(dataset.records),
      wanted: { val: 0.2, test: 0 },
    },
  };
}

describe('a report', () => {
  it('is one page without a script that needs nothing besides itself, and the same on every run', async () => {
    const input = await makeInput();
    const file = path.join(root, 'one', 'report.html');
    await writeReport(file, input);
    const html = await readFile(file, 'utf8');
    expect(html).not.toMatch(/<script|<link|src=|url\(|https?:\/\/(?!www\.w3\.org)/i);
    expect(html.match(/<image href="data:image\/jpeg;base64,/g)?.length).toBeGreaterThanOrEqual(4);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    // What people typed or videos are called is text.
    expect(html).toContain('unlike &lt;b&gt;anything&lt;/b&gt; &amp; &quot;labelled&quot;');
    expect(html).toContain('near duplicate in the round');
    expect(html).toContain('No picture lies on two sides');
    expect(html).toContain('a search');
    await writeReport(path.join(root, 'two', 'report.html'), input);
    expect(await readFile(path.join(root, 'two', 'report.html'), 'utf8')).toBe(html);
  });

  it('has its charts as SVG and PNG beside it, and its contact sheets as JPEG', async () => {
    const file = path.join(root, 'files', 'report.html');
    await writeReport(file, await makeInput());
    const folder = path.join(root, 'files', 'report');
    const names = await readdir(folder);
    for (const name of [
      'funnel',
      'cost',
      'agreement',
      'calibration-control',
      'calibration-chosen',
      'trend-agreement',
      'class-histogram',
      'split-balance',
    ]) {
      expect(names).toContain(`${name}.svg`);
      expect((await sharp(path.join(folder, `${name}.png`)).metadata()).width).toBeGreaterThan(400);
      const svg = await readFile(path.join(folder, `${name}.svg`), 'utf8');
      expect(svg).not.toMatch(/var\(|NaN|undefined/);
    }
    expect((await sharp(path.join(folder, 'frames-control.jpg')).metadata()).format).toBe('jpeg');
  });

  it('of a round whose pictures are gone and whose labels are not home still says what it knows', async () => {
    const input = await makeInput();
    const frames = input.rounds[1]!.frames.map((frame) => ({
      ...frame,
      file: '/none.jpg',
      state: undefined,
      boxes: [],
    }));
    const file = path.join(root, 'early', 'report.html');
    await writeReport(file, { ...input, rounds: [{ ...input.rounds[1]!, frames }], dataset: undefined });
    const html = await readFile(file, 'utf8');
    expect(html).not.toMatch(/NaN|undefined/);
    expect(html).toContain('From footage to dataset');
  });
});
