/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- answers of any shape */
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import {
  batch,
  clientOf,
  importOf,
  jpeg,
  makeProject,
  makeTask,
  settled,
  unzip,
  zipOf,
  type Client,
} from './review-server-client.js';

let dataFolder: string;
let server: ReviewServer;
let call: Client;
let projectId: number;
let labelIds: number[];

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-parts-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  ({ id: projectId, labelIds } = await makeProject(call));
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

test('chunks hold their frames in order, of a task by number and of a job by number or place', async () => {
  const files: Record<string, Uint8Array> = {};
  // The size of the first picture decides: 36 * 1920 * 1080 / (5760 * 4320) gives three frames to a chunk.
  for (let index = 0; index < 5; index += 1)
    files[`f_${index}.jpg`] = await (index === 0 ? jpeg(9, 5760, 4320) : jpeg(index * 40));
  const taskId = await makeTask(call, projectId, files, { segment_size: 4 });
  const { body: jobs } = await call('GET', `/api/jobs?task_id=${taskId}&sort=id`);
  const [first, second] = jobs.results.map((one: { id: number }) => one.id);
  const chunk = async (of: string, query: string) => {
    const response = await fetch(`${server.url}/api/${of}/data?type=chunk&quality=original&${query}`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    if (response.status !== 200) return response.status;
    const members = await unzip(new Uint8Array(await response.arrayBuffer()));
    return [...members].map(([name, bytes]) => [
      name,
      Object.values(files).findIndex((file) => Buffer.compare(bytes, file) === 0),
    ]);
  };
  expect((await call('GET', `/api/tasks/${taskId}`)).body.data_chunk_size).toBe(3);
  const members = (...frames: number[]) => frames.map((frame, place) => [`00000${place}.jpg`, frame]);
  expect(await chunk(`tasks/${taskId}`, 'number=0')).toEqual(members(0, 1, 2));
  expect(await chunk(`tasks/${taskId}`, 'number=1')).toEqual(members(3, 4));
  expect(await chunk(`tasks/${taskId}`, 'number=2')).toBe(400);
  // The first job ends in the middle of a chunk of its task; chunks by place begin with the first frame of the job.
  expect(await chunk(`jobs/${first}`, 'number=1')).toEqual(members(3));
  expect(await chunk(`jobs/${second}`, 'number=1')).toEqual(members(4));
  expect(await chunk(`jobs/${second}`, 'index=0')).toEqual(members(4));
  expect(await chunk(`jobs/${second}`, 'index=1')).toBe(400);
  expect(await chunk(`jobs/${first}`, '')).toBe(400);
});

test('labels are renamed, coloured, added and removed, with the boxes that have them', async () => {
  const { id, labelIds: own } = await makeProject(call, 'labels');
  const [person = 0, car = 0] = own;
  const taskId = await makeTask(call, id, { 'a.jpg': await jpeg(1) });
  const box = (label_id: number) => ({ type: 'rectangle', frame: 0, label_id, points: [1, 2, 3, 4] });
  await call('PUT', `/api/tasks/${taskId}/annotations`, { shapes: [box(person), box(car), box(car)] });
  const names = async () =>
    (await call('GET', `/api/labels?project_id=${id}`)).body.results.map((one: { name: string }) => one.name);

  const renamed = await call('PATCH', `/api/labels/${person}`, { name: 'walker', color: '#123abc' });
  expect(renamed.body).toMatchObject({ id: person, name: 'walker', color: '#123abc', type: 'any' });
  expect((await call('GET', `/api/labels/${person}`)).body).toEqual(renamed.body);
  const taken = await call('PATCH', `/api/labels/${person}`, { name: 'car' });
  expect([taken.status, taken.body]).toEqual([400, ['All label names must be unique']]);
  expect((await call('PATCH', `/api/labels/${person}`, { color: 'red' })).status).toBe(400);
  expect(await names()).toEqual(['walker', 'car']);

  // What cannot be done as a whole is not done in part.
  const half = await call('PATCH', `/api/projects/${id}`, { labels: [{ name: 'bus' }, { id: 999, name: 'x' }] });
  expect([half.status, half.body]).toEqual([400, ['Not found label with id #999']]);
  expect(await names()).toEqual(['walker', 'car']);
  await call('PATCH', `/api/projects/${id}`, { labels: [{ name: 'bus' }, { id: car, name: 'van' }] });
  expect(await names()).toEqual(['walker', 'van', 'bus']);

  expect((await call('DELETE', `/api/labels/${car}`)).status).toBe(204);
  expect(await names()).toEqual(['walker', 'bus']);
  const { body } = await call('GET', `/api/tasks/${taskId}/annotations`);
  expect(body.shapes.map((one: { label_id: number }) => one.label_id)).toEqual([person]);
  expect((await call('GET', `/api/labels/${car}`)).status).toBe(404);
});

test('work that waits can be taken back, work that has begun and changes something cannot', async () => {
  const ready = await makeTask(call, projectId, { 'a.jpg': await jpeg(1) });
  // A creation stands still at a picture that is a pipe into which nobody writes.
  const { body: task } = await call('POST', '/api/tasks', { name: 'held', project_id: projectId });
  await call('POST', `/api/tasks/${task.id}/data`, batch({ 'b.jpg': await jpeg(2) }), { 'upload-multiple': '' });
  const folder = path.join(dataFolder, 'pictures', String(task.id));
  const [name = ''] = await readdir(folder);
  const pipe = path.join(folder, name);
  await rm(pipe);
  await execa('mkfifo', [pipe]);
  const finish = await call('POST', `/api/tasks/${task.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
  const held = encodeURIComponent(finish.body.rq_id as string);
  while ((await call('GET', `/api/requests/${held}`)).body.status !== 'started') await sleep(20);

  try {
    // An export waits for other exports only.
    const exported = await call('POST', `/api/tasks/${ready}/dataset/export?format=COCO%201.0`);
    expect((await settled(call, exported.body.rq_id as string)).body.status).toBe('finished');
    const { body: next } = await call('POST', '/api/tasks', { name: 'next', project_id: projectId });
    await call('POST', `/api/tasks/${next.id}/data`, batch({ 'c.jpg': await jpeg(3) }), { 'upload-multiple': '' });
    const second = await call('POST', `/api/tasks/${next.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
    const waiting = encodeURIComponent(second.body.rq_id as string);
    expect((await call('GET', `/api/requests/${waiting}`)).body.status).toBe('queued');
    expect((await call('GET', '/api/requests?status=queued')).body.count).toBe(1);
    expect((await call('POST', `/api/requests/${waiting}/cancel`)).status).toBe(200);
    for (const again of [
      await call('GET', `/api/requests/${waiting}`),
      await call('POST', `/api/requests/${waiting}/cancel`),
    ]) {
      expect([again.status, again.body]).toEqual([404, { detail: 'There is no request with specified id' }]);
    }
    const refused = await call('POST', `/api/requests/${held}/cancel`);
    // The words of CVAT 2.23.1.
    expect([refused.status, refused.body]).toEqual([
      400,
      'Only requests that have not yet been started can be cancelled',
    ]);
  } finally {
    await (await open(pipe, 'w')).close();
  }
  expect((await settled(call, finish.body.rq_id as string)).body.status).toBe('failed');
});

describe('a dataset becomes tasks of a project', () => {
  const yaml = (names: string[]) => `path: .\ntrain: train.txt\nval: val.txt\nnames: ${JSON.stringify(names)}\n`;
  const dataset = async (names: string[], more: Record<string, string | Buffer> = {}) =>
    zipOf({
      'data.yaml': yaml(names),
      'train.txt': 'images/train/b.jpg\nimages/train/a.jpg\n',
      'val.txt': 'images/val/a.jpg\n',
      'images/train/b.jpg': await jpeg(1, 80, 40),
      'images/train/a.jpg': await jpeg(2, 40, 20),
      'images/val/a.jpg': await jpeg(3, 20, 10),
      // The same name in both parts: each has its own boxes. By hand: half the width and height from a quarter on.
      'labels/train/a.txt': '0 0.5 0.5 0.5 0.5\n',
      'labels/val/a.txt': '1 0.5 0.5 0.5 0.5\n1 0.5 0.5 1 1\n',
      ...more,
    });
  const into = (id: number, archive: Buffer, format = 'Ultralytics YOLO Detection 1.0') =>
    importOf(call, server, { url: `/api/projects/${id}/dataset`, format, archive });
  const tasksOf = async (id: number) =>
    (await call('GET', `/api/tasks?project_id=${id}&sort=id`)).body.results as { id: number; name: string }[];

  test('one for each part, with its pictures and boxes, and with its labels where there are none', async () => {
    const { body: project } = await call('POST', '/api/projects', { name: 'imported' });
    expect((await call('GET', `/api/projects/${project.id}/preview`)).status).toBe(404);
    expect(await into(project.id as number, await dataset(['cat', 'dog']))).toMatchObject({ status: 'finished' });
    const { body: labels } = await call('GET', `/api/labels?project_id=${project.id}`);
    const nameOf = new Map((labels.results as { id: number; name: string }[]).map(({ id, name }) => [id, name]));
    expect([...nameOf.values()]).toEqual(['cat', 'dog']);
    const found = [];
    for (const { id, name } of await tasksOf(project.id as number)) {
      const { body: meta } = await call('GET', `/api/tasks/${id}/data/meta`);
      const { body } = await call('GET', `/api/tasks/${id}/annotations`);
      const frames = meta.frames.map((one: { name: string; width: number }) => [one.name, one.width]);
      const shapes = body.shapes.map((one: { frame: number; label_id: number; points: number[] }) => [
        ...[one.frame, nameOf.get(one.label_id)],
        one.points,
      ]);
      found.push({ name, frames, shapes });
    }
    expect(found).toEqual([
      {
        name: 'train',
        frames: [
          ['a.jpg', 40],
          ['b.jpg', 80],
        ],
        shapes: [[0, 'cat', [10, 5, 30, 15]]],
      },
      {
        name: 'val',
        frames: [['a.jpg', 20]],
        shapes: [
          [0, 'dog', [5, 2.5, 15, 7.5]],
          [0, 'dog', [0, 0, 20, 10]],
        ],
      },
    ]);
    const preview = await fetch(`${server.url}/api/projects/${project.id}/preview`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    expect([preview.status, preview.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  });

  test.each<[string, string[], Record<string, string | Buffer>, RegExp]>([
    ['labels that the project does not know', ['person', 'boat'], {}, /does not have label with name "boat"/],
    [
      'boxes of no picture',
      ['person', 'car'],
      { 'train.txt': 'images/train/z.jpg\n', 'labels/train/z.txt': '0 0 0 1 1' },
      /Could not match item id: 'z'/,
    ],
    [
      'a broken picture',
      ['person', 'car'],
      { 'images/val/z.jpg': 'no picture' },
      /cannot identify image file 'z\.jpg'/,
    ],
    ['a part that is named like a key', ['person', 'car'], { 'images/names/a.jpg': 'x' }, /'names' cannot be the name/],
    [
      'no list of its pictures',
      ['person', 'car'],
      { 'data.yaml': 'train: none.txt\nnames: []\n' },
      /Can't find 'train'/,
    ],
  ])('with %s nothing of it is taken', async (_, names, more, message) => {
    const files = async () => (await readdir(dataFolder, { recursive: true })).filter((one) => !one.includes('sqlite'));
    const before = [await tasksOf(projectId), await files()];
    const request = await into(projectId, await dataset(names, more));
    expect(request).toMatchObject({ status: 'failed' });
    expect(request.message).toMatch(message);
    expect([await tasksOf(projectId), await files()]).toEqual(before);
    expect((await call('GET', `/api/labels?project_id=${projectId}`)).body.count).toBe(labelIds.length);
  });
});
