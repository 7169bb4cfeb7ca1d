/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  annotationsFromExport,
  createCvatClient,
  downloadAnnotations,
  exportLabels,
} from '../../src/annotation/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { clientOf, jpeg, makeProject, makeTask, settled, unzip, type Client } from './review-server-client.js';

let dataFolder: string;
let server: ReviewServer;
let call: Client;
let taskId: number;
/** Of frames 0 and 1, and of 2 and 3. */
let jobs: number[];

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-deleted-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  const { id, labelIds } = await makeProject(call);
  const files: Record<string, Uint8Array> = {};
  for (const n of [0, 1, 2, 3]) files[`f${n}.jpg`] = await jpeg(n);
  taskId = await makeTask(call, id, files, { segment_size: 2 });
  const { body } = await call('GET', `/api/jobs?task_id=${taskId}&sort=id`);
  jobs = (body.results as { id: number }[]).map((job) => job.id);
  const shapes = [0, 1, 2, 3].map((frame) => ({
    ...{ type: 'rectangle', frame, label_id: labelIds[0], points: [1, 2, 3 + frame, 4] },
  }));
  await call('PUT', `/api/tasks/${taskId}/annotations`, { shapes });
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

const change = (owner: string, deleted_frames: unknown) => call('PATCH', `/api/${owner}/data/meta`, { deleted_frames });
const deletedIn = async (owner: string) =>
  (await call('GET', `/api/${owner}/data/meta`)).body.deleted_frames as number[];

test('frames are left out of a task or of a job and come back; they keep their numbers and boxes', async () => {
  const before = (await call('GET', `/api/tasks/${taskId}`)).body.updated_date as string;
  // Dates are as exact as a millisecond.
  await sleep(2);
  const { status, body } = await change(`tasks/${taskId}`, [3, 1, 1, 99]);
  expect(status).toBe(200);
  // As CVAT 2.23.1 answers: the frame stays in the list and in the size.
  expect(body).toMatchObject({ size: 4, start_frame: 0, stop_frame: 3, deleted_frames: [1, 3] });
  expect(body.frames).toHaveLength(4);
  expect((await call('GET', `/api/tasks/${taskId}/data/meta`)).body).toEqual(body);
  expect([await deletedIn(`jobs/${jobs[0]}`), await deletedIn(`jobs/${jobs[1]}`)]).toEqual([[1], [3]]);
  // Clients keep what they know of a task by this date.
  expect((await call('GET', `/api/tasks/${taskId}`)).body.updated_date > before).toBe(true);

  // A job says nothing about the frames of others.
  expect((await change(`jobs/${jobs[1]}`, [0, 2])).body).toMatchObject({ size: 2, deleted_frames: [2] });
  expect(await deletedIn(`tasks/${taskId}`)).toEqual([1, 2]);
  expect((await call('GET', `/api/tasks/${taskId}/annotations`)).body.shapes).toHaveLength(4);

  // More of them than the database takes at a time.
  await change(`tasks/${taskId}`, [...Array.from({ length: 33_000 }, (_, index) => index + 100), 3]);
  expect(await deletedIn(`tasks/${taskId}`)).toEqual([3]);

  await change(`tasks/${taskId}`, []);
  expect(await deletedIn(`tasks/${taskId}`)).toEqual([]);
});

test.each([
  [undefined, { deleted_frames: ['This field is required.'] }],
  [[1, -1], { deleted_frames: { 1: ['Ensure this value is greater than or equal to 0.'] } }],
  ['1', { deleted_frames: ['Expected a list of items but got type "string".'] }],
])('a list that is %j is refused', async (list, complaint) => {
  expect(await change(`tasks/${taskId}`, list)).toMatchObject({ status: 400, body: complaint });
});

test.each(['tasks', 'jobs', 'projects'] as const)('an export of %s is without them', async (owner) => {
  await change(`tasks/${taskId}`, [1, 3]);
  const id = owner === 'jobs' ? jobs[0] : owner === 'tasks' ? taskId : 1;
  const query = 'format=Ultralytics%20YOLO%20Detection%201.0&save_images=true';
  const { body } = await call('POST', `/api/${owner}/${id}/dataset/export?${query}`);
  const { body: request } = await settled(call, body.rq_id as string);
  const archive = await fetch(request.result_url as string, { headers: { authorization: `Bearer ${server.token}` } });
  const files = await unzip(new Uint8Array(await archive.arrayBuffer()));
  const left = owner === 'jobs' ? ['f0'] : ['f0', 'f2'];
  expect([...files.keys()].sort()).toEqual(
    [
      'data.yaml',
      'train.txt',
      ...left.flatMap((name) => [`images/train/${name}.jpg`, `labels/train/${name}.txt`]),
    ].sort(),
  );
  expect(String(files.get('train.txt'))).toBe(left.map((name) => `data/images/train/${name}.jpg\n`).join(''));
});

test('they are no part of what comes home from a finished task, also after a restart', async () => {
  await change(`tasks/${taskId}`, [1, 3]);
  for (const job of jobs) await call('PATCH', `/api/jobs/${job}`, { state: 'completed' });
  await server.close();
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  const client = createCvatClient({ host: server.url, token: server.token }, { retryDelayMs: 20, pollMs: 20 });
  const frameIds = ['f0', 'f1', 'f2', 'f3'];
  const toFile = path.join(dataFolder, 'labels.zip');
  const exported = await exportLabels(client, taskId, { format: 'YOLO 1.1', toFile });
  for (const { frames, warnings } of [
    await downloadAnnotations(client, taskId, { frameIds }),
    await annotationsFromExport(client, taskId, { frameIds, ...exported }),
  ]) {
    expect(frames.map(({ state, boxes }) => [state, boxes.length])).toEqual([
      ['reviewed', 1],
      ['not_reviewed', 0],
      ['reviewed', 1],
      ['not_reviewed', 0],
    ]);
    expect(warnings).toEqual(['Frames deleted in CVAT, which count as not reviewed: 2']);
  }
});
