/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- answers of any shape */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { batch, clientOf, jpeg, makeProject, makeTask, settled, unzip, type Client } from './review-server-client.js';

let dataFolder: string;
let server: ReviewServer;
let call: Client;

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-flow-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

describe('the way of a round through the server', () => {
  let labelIds: number[];
  let projectId: number;
  let taskId: number;

  test('a project with labels is made and found by its name', async () => {
    ({ id: projectId, labelIds } = await makeProject(call, 'matches'));
    expect(labelIds).toHaveLength(2);
    await makeProject(call, 'matches of last year');
    const exact = await call('GET', '/api/projects?name=matches');
    expect(exact.body.results.map((one: { id: number }) => one.id)).toEqual([projectId]);
    const contains = await call('GET', '/api/projects?search=MATCHES');
    expect(contains.body.count).toBe(2);
  });

  test('pictures sent in three batches become frames in the order of their names, cut into jobs', async () => {
    const created = await call('POST', '/api/tasks', {
      name: 'al:round 1',
      project_id: projectId,
      segment_size: 4,
      subset: 'val',
    });
    expect(created.status).toBe(201);
    taskId = created.body.id;
    const data = `/api/tasks/${taskId}/data`;
    // Before the upload begins there is no data to describe; after it there is, still empty.
    expect((await call('GET', `${data}/meta`)).status).toBe(400);
    const start = await call('POST', data, '', { 'upload-start': '' });
    expect([start.status, start.body]).toEqual([202, undefined]);
    expect((await call('GET', `${data}/meta`)).body).toMatchObject({ size: 0, frames: [] });

    const names = ['f_09.jpg', 'f_10.jpg', 'B.JPG', 'f_02.jpg', 'é.jpg', 'f_01.jpg', 'f_03.jpg', '世.jpg', 'a b.jpeg'];
    for (let first = 0; first < names.length; first += 3) {
      const files: Record<string, Uint8Array> = {};
      for (const [offset, name] of names.slice(first, first + 3).entries()) {
        files[name] = await jpeg(first + offset, 60 + first + offset, 40);
      }
      const sent = await call('POST', data, batch(files), { 'upload-multiple': '' });
      expect([sent.status, sent.body]).toEqual([200, undefined]);
    }
    const finish = await call(
      'POST',
      `${data}/`,
      { image_quality: 70, sorting_method: 'lexicographical' },
      { 'upload-finish': '' },
    );
    expect(finish.status).toBe(202);
    const rqId = finish.body.rq_id as string;
    const byTask = await call('GET', `/api/requests?task_id=${taskId}&action=create`);
    expect(byTask.body.results.map((one: { id: string }) => one.id)).toEqual([rqId]);
    expect((await settled(call, rqId)).body).toMatchObject({
      status: 'finished',
      message: '',
      operation: { type: 'create:task', target: 'task', task_id: taskId },
    });

    const { body: meta } = await call('GET', `${data}/meta`);
    // By code point: upper case before lower case, é (U+00E9) and 世 (U+4E16) after all of ASCII.
    const ordered = [
      'B.JPG',
      'a b.jpeg',
      'f_01.jpg',
      'f_02.jpg',
      'f_03.jpg',
      'f_09.jpg',
      'f_10.jpg',
      'é.jpg',
      '世.jpg',
    ];
    expect(meta.frames.map((one: { name: string }) => one.name)).toEqual(ordered);
    // Each picture is one pixel wider than the one sent before it.
    expect(meta.frames.map((one: { width: number }) => one.width)).toEqual(
      ordered.map((one) => 60 + names.indexOf(one)),
    );
    expect(meta).toMatchObject({ size: 9, start_frame: 0, stop_frame: 8, deleted_frames: [], image_quality: 70 });

    const { body: jobs } = await call('GET', `/api/jobs?task_id=${taskId}&type=annotation&page_size=all`);
    // Newest first, as CVAT 2.23.1 lists them.
    const ranges = jobs.results.map((one: { start_frame: number; stop_frame: number }) => [
      one.start_frame,
      one.stop_frame,
    ]);
    expect(ranges).toEqual([
      [8, 8],
      [4, 7],
      [0, 3],
    ]);
    const { body: task } = await call('GET', `/api/tasks/${taskId}`);
    expect(task).toMatchObject({ size: 9, mode: 'annotation', status: 'annotation', jobs: { count: 3, completed: 0 } });
  });

  test('a frame comes back byte for byte, as a picture and nothing else', async () => {
    const response = await fetch(`${server.url}/api/tasks/${taskId}/data/?type=frame&number=2&quality=original`, {
      headers: { authorization: `Token ${server.token}` },
    });
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-disposition')).toBeNull();
    // f_01.jpg was the sixth picture that was sent.
    expect(Buffer.from(await response.arrayBuffer())).toEqual(await jpeg(5, 65, 40));
    expect((await call('GET', `/api/tasks/${taskId}/data?type=frame&number=9`)).status).toBe(400);
  });

  test('pre-labels come back as they were sent, with the score, and with ids', async () => {
    const [person, car] = labelIds;
    const shapes = [
      { type: 'rectangle', frame: 0, label_id: person, points: [10.5, 20, 30.25, 35], source: 'auto', score: 0.875 },
      { type: 'rectangle', frame: 5, label_id: car, points: [0, 0, 65, 40], source: 'auto', score: 0.5 },
      { type: 'rectangle', frame: 9, label_id: car, points: [0, 0, 1, 1] },
    ];
    const put = await call('PUT', `/api/tasks/${taskId}/annotations`, { version: 0, tags: [], tracks: [], shapes });
    expect(put.status).toBe(200);
    // The task has frames 0 to 8: CVAT drops the third box without a word.
    expect(put.body.shapes).toHaveLength(2);
    const { body } = await call('GET', `/api/tasks/${taskId}/annotations/`);
    expect(body).toEqual(put.body);
    expect(body.shapes[0]).toEqual({
      id: expect.any(Number) as number,
      ...shapes[0],
      occluded: false,
      outside: false,
      z_order: 0,
      rotation: 0,
      group: 0,
      attributes: [],
      elements: [],
    });
  });

  test('a reviewer adds, changes and deletes single boxes, and each job sees only its frames', async () => {
    const url = `/api/tasks/${taskId}/annotations`;
    const added = await call('PATCH', `${url}?action=create`, {
      shapes: [{ type: 'rectangle', frame: 1, label_id: labelIds[0], points: [1, 2, 3, 4] }],
    });
    expect(added.body.shapes).toMatchObject([{ frame: 1, source: 'manual', score: 1 }]);
    const [box] = added.body.shapes as { id: number }[];
    await call('PATCH', `${url}?action=update`, { shapes: [{ ...box, points: [1, 2, 30, 40] }] });
    let { body } = await call('GET', url);
    expect(body.shapes).toHaveLength(3);
    expect(body.shapes.find((one: { id: number }) => one.id === box?.id).points).toEqual([1, 2, 30, 40]);

    const { body: jobs } = await call('GET', `/api/jobs?task_id=${taskId}&sort=id`);
    const perJob = [];
    for (const { id } of jobs.results as { id: number }[]) {
      perJob.push((await call('GET', `/api/jobs/${id}/annotations`)).body.shapes.length);
    }
    expect(perJob).toEqual([2, 1, 0]);

    await call('PATCH', `${url}?action=delete`, { shapes: [{ ...box, points: [1, 2, 30, 40] }] });
    ({ body } = await call('GET', url));
    expect(body.shapes.map((one: { frame: number }) => one.frame)).toEqual([0, 5]);
  });

  test('jobs are completed; the task is so only when all are accepted, as in CVAT', async () => {
    // The answers are those that CVAT 2.23.1 gave to the same steps.
    const { body: jobs } = await call('GET', `/api/jobs?task_id=${taskId}&page_size=all&sort=id`);
    const ids = jobs.results.map((one: { id: number }) => one.id) as number[];
    const patch = async (id: number | undefined, change: object) =>
      (await call('PATCH', `/api/jobs/${id}`, change)).body;
    const task = async () => (await call('GET', `/api/tasks/${taskId}`)).body;
    expect(await patch(ids[0], { state: 'completed' })).toMatchObject({ state: 'completed', status: 'annotation' });
    expect(await task()).toMatchObject({ status: 'annotation', jobs: { completed: 0, count: 3 } });
    expect(await patch(ids[0], { stage: 'acceptance' })).toMatchObject({ state: 'new', status: 'validation' });
    for (const id of ids) {
      expect(await patch(id, { stage: 'acceptance', state: 'completed' })).toMatchObject({ status: 'completed' });
    }
    expect(await task()).toMatchObject({ status: 'completed', jobs: { completed: 3, validation: 0 } });
    expect((await call('GET', `/api/jobs?task_id=${taskId}&state=completed`)).body.count).toBe(3);
    expect(await patch(ids[0], { state: 'in progress' })).toMatchObject({ state: 'in progress', stage: 'acceptance' });
    expect((await task()).status).toBe('validation');
    expect(await patch(ids[0], { assignee: 1 })).toMatchObject({ assignee: { id: 1, username: 'reviewer' } });
  });

  const exported = async (format: string, saveImages: boolean) => {
    const started = await call(
      'POST',
      `/api/tasks/${taskId}/dataset/export?format=${encodeURIComponent(format)}&save_images=${saveImages ? 'True' : 'False'}`,
    );
    expect(started.status).toBe(202);
    const { body: request } = await settled(call, started.body.rq_id as string);
    expect(request.message).toBe('');
    const download = await fetch(request.result_url as string, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    // The form that the official Python client can read.
    expect(download.headers.get('content-disposition')).toMatch(/^attachment; filename="[A-Za-z0-9_-]+\.zip"$/);
    return unzip(new Uint8Array(await download.arrayBuffer()));
  };

  test.each(['Ultralytics YOLO Detection 1.0', 'YOLOv8 Detection 1.0'])(
    '%s is exported without pictures',
    async (format) => {
      const files = await exported(format, false);
      expect([...files.keys()].sort()).toEqual(['data.yaml', 'labels/val/B.txt', 'labels/val/f_09.txt', 'val.txt']);
      expect(parseYaml(String(files.get('data.yaml')))).toEqual({
        path: '.',
        val: 'val.txt',
        names: { 0: 'person', 1: 'car' },
      });
      expect(String(files.get('val.txt')).split('\n')[0]).toBe('data/images/val/B.JPG');
      // B.JPG is 62x40. By hand: (10.5+30.25)/2/62, (20+35)/2/40, (30.25-10.5)/62, (35-20)/40.
      expect(String(files.get('labels/val/B.txt'))).toBe('0 0.328629 0.687500 0.318548 0.375000\n');
    },
  );

  test('the export with pictures holds the very bytes that were uploaded', async () => {
    const files = await exported('Ultralytics YOLO Detection 1.0', true);
    expect(files.get('images/val/f_01.jpg')).toEqual(await jpeg(5, 65, 40));
    expect([...files.keys()].filter((name) => name.startsWith('images/'))).toHaveLength(9);
    expect(files.has('images/val/世.jpg')).toBe(true);
  });

  test('YOLO 1.1 has a label file for every frame', async () => {
    const files = await exported('YOLO 1.1', true);
    expect(String(files.get('obj.data'))).toBe(
      'classes = 2\nval = data/val.txt\nnames = data/obj.names\nbackup = backup/\n',
    );
    expect(String(files.get('obj.names'))).toBe('person\ncar\n');
    expect(String(files.get('obj_val_data/f_02.txt'))).toBe('');
    expect([...files.keys()].filter((name) => /^obj_val_data\/.*\.txt$/.test(name))).toHaveLength(9);
  });

  test('a deleted task is gone with its jobs and labels stay; its creation can still be read', async () => {
    const other = await makeTask(call, projectId, { 'a.jpg': await jpeg(1) });
    expect((await call('DELETE', `/api/tasks/${other}`)).status).toBe(204);
    expect(await call('GET', `/api/tasks/${other}`)).toMatchObject({
      status: 404,
      body: { detail: 'No Task matches the given query.' },
    });
    expect(await call('GET', `/api/jobs?task_id=${other}`)).toMatchObject({
      status: 400,
      body: { task_id: ['Select a valid choice. That choice is not one of the available choices.'] },
    });
    expect((await call('GET', `/api/requests/action%3Dcreate%26target%3Dtask%26target_id%3D${other}`)).status).toBe(
      200,
    );
    expect((await call('GET', `/api/labels?project_id=${projectId}`)).body.count).toBe(2);
    // Clients cache by id: a new task never gets an old one's.
    expect(await makeTask(call, projectId, { 'a.jpg': await jpeg(2) })).toBeGreaterThan(other);
  });
});

describe('other ways to upload', () => {
  test('files and settings in one call', async () => {
    const { id } = await makeProject(call);
    const { body: task } = await call('POST', '/api/tasks', { name: 'one shot', project_id: id });
    const sent = await call('POST', `/api/tasks/${task.id}/data`, batch({ 'a.jpg': await jpeg(1) }));
    expect(sent.status).toBe(202);
    expect((await settled(call, sent.body.rq_id as string)).body.status).toBe('finished');
    expect((await call('GET', `/api/tasks/${task.id}`)).body.size).toBe(1);
  });

  test('frames in an order of the client’s own', async () => {
    const { id } = await makeProject(call);
    const { body: task } = await call('POST', '/api/tasks', { name: 'ordered', project_id: id });
    const data = `/api/tasks/${task.id}/data`;
    const files = { 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2), 'c.jpg': await jpeg(3) };
    await call('POST', data, batch(files), { 'upload-multiple': '' });
    const finish = (order: string[]) =>
      call(
        'POST',
        data,
        { image_quality: 70, sorting_method: 'predefined', upload_file_order: order },
        { 'upload-finish': '' },
      );
    const mismatch = await finish(['c.jpg', 'z.jpg']);
    expect(mismatch.status).toBe(400);
    // The wording of CVAT 2.23.1 for the same mistake.
    expect(mismatch.body[0]).toContain('Mismatching files: a.jpg (extra), b.jpg (extra), z.jpg (missing)');
    await settled(call, (await finish(['c.jpg', 'a.jpg', 'b.jpg'])).body.rq_id as string);
    const { body: meta } = await call('GET', `${data}/meta`);
    expect(meta.frames.map((one: { name: string }) => one.name)).toEqual(['c.jpg', 'a.jpg', 'b.jpg']);
  });

  test('ten batches at once all arrive', async () => {
    const { id } = await makeProject(call);
    const { body: task } = await call('POST', '/api/tasks', { name: 'parallel', project_id: id });
    const data = `/api/tasks/${task.id}/data`;
    const picture = await jpeg(9);
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const form = batch({ [`p_${index}_a.jpg`]: picture, [`p_${index}_b.jpg`]: picture });
        return (await call('POST', data, form, { 'upload-multiple': '' })).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const finish = await call('POST', data, { image_quality: 70 }, { 'upload-finish': '' });
    await settled(call, finish.body.rq_id as string);
    expect((await call('GET', `/api/tasks/${task.id}`)).body.size).toBe(20);
  });
});
