import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clearEmptyLabels,
  mergeDataset,
  Resources,
  writeReport,
  type RoundReference,
} from '../../src/activities/steps.js';
import { writeRoundFile } from '../../src/activities/round-file.js';
import { selectFrames } from '../../src/activities/select-frames.js';
import { readJsonLines, toJsonLines } from '../../src/common/files.js';
import type { Candidate, Detection, SelectedFrame } from '../../src/common/types.js';
import { loadConfig } from '../../src/config/index.js';
import { datasetStats, validateDataset } from '../../src/dataset/index.js';
import { temporaryFolder } from '../helpers/programs.js';
import { makeFrames } from './dataset/footage.js';

/** Two rounds through the real steps, with people who are played: the model is always right about persons, never about balls. */
const box = (label: string, confidence: number, x1: number): Detection => ({
  ...{ classId: label === 'ball' ? 1 : 0, label, confidence },
  ...{ x1, y1: 8, x2: x1 + 10, y2: 20 },
});

let folder: string;
let remove: () => Promise<void>;
let resources: Resources;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('select-rounds'));
  resources = new Resources({ folder, env: {} });
});
afterAll(async () => {
  await resources.close();
  await remove();
});

/** Plans a round and gives it candidates: every third frame shows a ball instead of a person, both half sure. */
async function beginRound(n: number, videoKeys: string[]): Promise<RoundReference> {
  const config = await loadConfig({
    folder,
    overrides: {
      selection: {
        ...{ budget: 12, control: 0.5, explore: 0, blind: 0.5, per_video: 1, diversity: 'none' },
        // So that the test sees a clear difference; the default is as gentle as in the paper.
        scores: { difficulty: 1 },
      },
      dataset: { negatives: 'keep' },
    },
  });
  const catalog = await resources.catalog(config.paths.data);
  const row = await catalog.ensureRound({
    workflowId: `round-${n}`,
    runId: `run-${n}`,
    folderOf: (id) => path.join(config.paths.data, 'rounds', id),
    startedAt: `2026-03-0${n}T00:00:00.000Z`,
  });
  const round = { roundId: row.id, folder: row.folder };
  const model = { file: 'model.onnx', sha256: 'c'.repeat(64), names: ['person', 'ball'] };
  await mkdir(path.join(round.folder, 'candidates'), { recursive: true });
  await writeRoundFile(round.folder, { roundId: row.id, taskName: `task ${n}`, config, model });
  for (const videoKey of videoKeys) {
    const frames = await makeFrames(path.join(folder, 'frames'), videoKey, 24);
    const candidates = frames.map(({ frameId, file, sha256, width, height, perceptualHash }, i): Candidate => ({
      ...{ frameId, videoKey, file, sha256, width, height, perceptualHash, modelSha256: model.sha256 },
      ptsSeconds: i * 10,
      detections: [box(i % 3 === 0 ? 'ball' : 'person', 0.5, 8)],
    }));
    await writeFile(path.join(round.folder, 'candidates', `${videoKey}.jsonl`), toJsonLines(candidates));
    await catalog.claimVideo(row.id, { videoKey, source: 'file', durationSeconds: 240, query: `search ${n}` });
    await catalog.frames.recordCandidates(row.id, videoKey, candidates);
  }
  return round;
}

/** People move every ball away from where the model saw it, and leave persons alone. */
async function review(round: RoundReference): Promise<SelectedFrame[]> {
  const selected = await readJsonLines<SelectedFrame>(path.join(round.folder, 'selection.jsonl'));
  const annotations = selected.map(({ frameId, detections }) => ({
    frameId,
    state: 'reviewed',
    boxes: detections.map(({ label, x1, y1, x2, y2 }) =>
      label === 'ball' ? { label, x1: x1 + 30, y1, x2: x2 + 30, y2 } : { label, x1, y1, x2, y2 },
    ),
    jobId: 7,
  }));
  await writeFile(path.join(round.folder, 'annotations.json'), JSON.stringify(annotations));
  const task = { round, taskId: 3, taskUrl: '' };
  await clearEmptyLabels(resources, task);
  await mergeDataset(resources, task);
  return selected;
}

describe('two rounds', () => {
  it('never ask the same twice, learn what is difficult, and show the trend', async () => {
    const first = await beginRound(1, ['file-aa', 'file-bb']);
    expect(await selectFrames(resources, { round: first })).toMatchObject({ candidates: 48, selected: 12 });
    const before = await review(first);
    expect(before.every(({ scores }) => scores?.difficulty === 0)).toBe(true);

    // The same footage again, and a new video: what round one sent is never sent again.
    const second = await beginRound(2, ['file-aa', 'file-bb', 'file-cc']);
    expect(await selectFrames(resources, { round: second })).toMatchObject({ candidates: 72, selected: 12 });
    const after = await review(second);
    const sent = new Set(before.map(({ frameId }) => frameId));
    expect(after.filter(({ frameId }) => sent.has(frameId))).toEqual([]);

    // A third of the footage shows a ball; of what was chosen in round two, all of it does.
    const chosen = after.filter(({ arm }) => arm === 'chosen');
    expect(chosen).toHaveLength(6);
    expect(chosen.map(({ detections }) => detections[0]!.label)).toEqual(Array(6).fill('ball'));
    expect(chosen[0]?.reason).toContain('ball often had to be corrected');

    const { file, dataset } = await writeReport(resources, { round: second });
    const html = await readFile(file, 'utf8');
    expect(html).toContain('Does it get better?');
    expect(html).toMatch(/F1 changed by [+−]\d/);
    expect(html).toContain('search 2');
    const overall = await readFile(dataset!, 'utf8');
    expect(overall).toContain('2 rounds');
    expect(overall).toMatch(/>sent to people<.*?>24</s);
    expect(overall).toContain('What was chosen, and why');

    const stats = await datasetStats(path.join(folder, 'data', 'dataset'));
    expect(stats).toMatchObject({ frames: 24, boxes: 24, leakCheck: { leaks: [] } });
    expect(stats.versions).toHaveLength(2);
    expect(await validateDataset(path.join(folder, 'data', 'dataset'))).toMatchObject({ ok: true });
    const [line = ''] = (await readFile(path.join(folder, 'data', 'dataset', 'manifest.jsonl'), 'utf8')).split('\n');
    expect(JSON.parse(line)).toMatchObject({ provenance: { taskId: 3, jobId: 7, scores: { entropySum: 1 } } });
    await rm(file);
  });
});
