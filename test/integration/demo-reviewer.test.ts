import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCvatClient,
  downloadAnnotations,
  ensureProject,
  mapLabels,
  putPreLabels,
  readTaskProgress,
  uploadTask,
  type CvatClient,
} from '../../src/annotation/index.js';
import type { LabelledBox } from '../../src/common/types.js';
import { reviewTask } from '../../src/demo/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';

const LABELS = ['player', 'referee', 'ball'];
const box = (label: string, x: number, y = 10): LabelledBox => ({ label, x1: x, y1: y, x2: x + 20, y2: y + 40 });
const name = (index: number) => `file-0123456789ab_${String(index * 1000).padStart(9, '0')}.jpg`;

/** What is there, and what a model said of it, frame by frame; the outcome is worked out by hand below. */
const TRUTH = [
  [box('player', 10), box('referee', 60), box('ball', 120)],
  [], // nothing to see
  [box('player', 30)],
];
const PRE_LABELS = [
  // exact; wrong class; loose by 5 of 20 pixels: 15/25 = 0.6; the ball is missed
  [box('player', 10), box('player', 60), box('referee', 65, 300)],
  [box('ball', 70)], // a false alarm
  [box('player', 35)], // 15/25 = 0.6
];

let folder: string;
let server: ReviewServer;
let client: CvatClient;
let taskId: number;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-reviewer-'));
  server = await startReviewServer({ dataFolder: path.join(folder, 'server') });
  client = createCvatClient({ host: server.url, token: server.token }, { pollMs: 20 });
  const project = await ensureProject(client, { name: 'demo', labels: LABELS });
  const frames = await Promise.all(
    TRUTH.map(async (_, index) => {
      const file = path.join(folder, name(index));
      await sharp({ create: { width: 640, height: 360, channels: 3, background: { r: 40, g: 90 + index, b: 40 } } })
        .jpeg()
        .toFile(file);
      return { name: name(index), file };
    }),
  );
  // Two jobs: a review must complete both.
  ({ taskId } = await uploadTask(client, { name: 'round-1', project, frames, segmentSize: 2 }));
  const detected = PRE_LABELS.map((boxes, index) => ({
    name: name(index),
    detections: boxes.map((preLabel) => ({
      ...preLabel,
      classId: LABELS.indexOf(preLabel.label),
      confidence: 0.5,
    })),
  }));
  await putPreLabels(client, taskId, { frames: detected, labelIds: mapLabels(project, LABELS) });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const truthOf = (frameName: string) => TRUTH[TRUTH.findIndex((_, index) => name(index) === frameName)];

describe('the scripted reviewer on an annotation server', () => {
  it('changes nothing when it does not know a frame', async () => {
    const before = await client.json('GET', `/api/tasks/${taskId}/annotations`);
    const oneUnknown = (frameName: string) => (frameName === name(2) ? undefined : truthOf(frameName));
    await expect(reviewTask(client, taskId, oneUnknown)).rejects.toMatchObject({ code: 'DEMO_TRUTH_UNKNOWN' });
    expect(await client.json('GET', `/api/tasks/${taskId}/annotations`)).toEqual(before);
    expect(await readTaskProgress(client, taskId, 'jobs_completed')).toMatchObject({ state: 'open', jobsDone: 0 });
  });

  it('changes nothing when the task lacks a label of the truth', async () => {
    const strange = () => [box('linesman', 10)];
    await expect(reviewTask(client, taskId, strange)).rejects.toMatchObject({ code: 'DEMO_LABEL_MISSING' });
    expect(await readTaskProgress(client, taskId, 'jobs_completed')).toMatchObject({ state: 'open', jobsDone: 0 });
  });

  it('corrects the pre-labels to the truth, says what it changed, and completes every job', async () => {
    expect(await reviewTask(client, taskId, truthOf)).toEqual({
      frames: 3,
      kept: 1, // player at 10
      moved: 1, // player at 35 → 30
      relabelled: 1, // player at 60 → referee
      deleted: 2, // referee at (65, 300), ball at 70
      added: 1, // ball at 120
      mistakes: 0,
    });
    expect(await readTaskProgress(client, taskId, 'jobs_completed')).toMatchObject({
      state: 'complete',
      jobsDone: 2,
      jobsTotal: 2,
    });
    const frameIds = TRUTH.map((_, index) => name(index).replace('.jpg', ''));
    const { frames } = await downloadAnnotations(client, taskId, { frameIds });
    expect(frames.map((frame) => frame.boxes)).toEqual(TRUTH);
    expect(frames.map((frame) => frame.state)).toEqual(['reviewed', 'empty', 'reviewed']);
  });

  it('finds everything in place the second time', async () => {
    const counts = await reviewTask(client, taskId, truthOf);
    expect(counts).toEqual({ frames: 3, kept: 4, moved: 0, relabelled: 0, deleted: 0, added: 0, mistakes: 0 });
  });

  it('stops when it is cancelled', async () => {
    await expect(reviewTask(client, taskId, truthOf, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
