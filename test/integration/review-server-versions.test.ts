/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { AnnotationVersions } from '../../src/review/server/web/versions.js';
import { batch, clientOf, importOf, jpeg, makeProject, makeTask, zipOf, type Client } from './review-server-client.js';

let dataFolder: string;
let server: ReviewServer;
let call: Client;
let projectId: number;
let labelIds: number[];
let url: string;

beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-versions-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  ({ id: projectId, labelIds } = await makeProject(call));
  url = `/api/tasks/${await makeTask(call, projectId, { 'a.jpg': await jpeg(1) })}/annotations`;
  await call('PUT', url, { shapes: labelIds.map((label) => box(label)) });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

const box = (label_id: number) => ({ type: 'rectangle', frame: 0, label_id, points: [1, 2, 30, 40] });

/** How many boxes a reader finds each time that a version is left behind. */
function boxesAtEachChange(): number[] {
  const counts: number[] = [];
  const database = new Database(path.join(dataFolder, 'review.sqlite'), { readonly: true });
  const method = Object.getOwnPropertyDescriptor(AnnotationVersions.prototype, 'advance');
  const advance = method?.value as (this: AnnotationVersions, ...taskIds: number[]) => void;
  vi.spyOn(AnnotationVersions.prototype, 'advance').mockImplementation(function (this: AnnotationVersions, ...tasks) {
    const { boxes } = database.prepare('select count(*) as boxes from annotations').get() as { boxes: number };
    counts.push(boxes);
    return advance.apply(this, tasks);
  });
  return counts;
}

async function version(): Promise<string> {
  const { headers } = await call('GET', url);
  return headers.get('etag') ?? '';
}

/** Saves as the page does, on top of what it has read. */
async function saveOnTopOf(known: string) {
  const { status } = await call(
    'PATCH',
    `${url}?action=create`,
    { shapes: [box(labelIds[1] ?? 0)] },
    { 'if-match': known },
  );
  return status;
}

async function labels() {
  const { body } = await call('GET', url);
  return (body.shapes as { label_id: number }[]).map(({ label_id }) => label_id);
}

test('nobody saves on top of what an import has replaced, nor is told that nothing has changed', async () => {
  const archive = await zipOf({
    'data.yaml': 'names: {0: person}\npath: ./\ntrain: train.txt\n',
    'train.txt': 'images/train/a.jpg\n',
    'labels/train/a.txt': '0 0.5 0.5 0.5 0.5\n',
  });
  const counts = boxesAtEachChange();
  const large = await jpeg(2, 4000, 3000);
  const files = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`${index}.jpg`, large]));
  let known = '';
  let before = 0;
  let waiting = false;
  const watching: Client = async (method, path, body, headers = {}) => {
    const answer = await call(method, path, body, headers);
    if (!('upload-finish' in headers)) return answer;
    known = await version();
    before = (await labels()).length;
    counts.length = 0; // the upload has left versions behind too
    const request = await call('GET', `/api/requests/${encodeURIComponent(answer.body.rq_id as string)}`);
    waiting = request.body.status === 'queued';
    return answer;
  };
  // The version has to be read before the import begins: it waits behind a creation that has something to do.
  for (let attempt = 0; attempt < 10 && !waiting; attempt += 1) {
    const { body: task } = await call('POST', '/api/tasks', { name: 'before', project_id: projectId });
    await call('POST', `/api/tasks/${task.id}/data`, batch(files), { 'upload-multiple': '' });
    await call('POST', `/api/tasks/${task.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
    const format = 'Ultralytics YOLO Detection 1.0';
    expect(await importOf(watching, server, { url: `${url}/`, format, archive })).toMatchObject({ status: 'finished' });
  }
  expect(waiting).toBe(true);
  // Before the write, so that nobody saves during it, and after it for whoever has read meanwhile.
  expect(counts).toEqual([before, 1]);
  expect((await call('GET', url, undefined, { 'if-none-match': known })).status).toBe(200);
  expect(await saveOnTopOf(known)).toBe(412);
  expect(await labels()).toEqual([labelIds[0]]);
  expect(await saveOnTopOf(await version())).toBe(200);
});

test.each([
  ['by itself', async () => call('DELETE', `/api/labels/${labelIds[0]}`)],
  [
    'with a change of its project',
    async () => call('PATCH', `/api/projects/${projectId}`, { labels: [{ id: labelIds[0], deleted: true }] }),
  ],
])('nobody saves on top of boxes that went with their label, removed %s', async (_, remove) => {
  const known = await version();
  const counts = boxesAtEachChange();
  expect((await remove()).status).toBeLessThan(300);
  expect(counts).toEqual([2, 1]);
  expect((await call('GET', url, undefined, { 'if-none-match': known })).status).toBe(200);
  expect(await saveOnTopOf(known)).toBe(412);
  expect(await labels()).toEqual([labelIds[1]]);
});
