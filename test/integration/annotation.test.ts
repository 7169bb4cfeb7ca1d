import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  annotationsFromExport,
  checkServer,
  createCvatClient,
  downloadAnnotations,
  ensureProject,
  exportLabels,
  findTask,
  mapLabels,
  preflight,
  putPreLabels,
  readTaskProgress,
  uploadTask,
  type CvatClient,
  type ProjectInfo,
  type UploadFrame,
} from '../../src/annotation/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';

const FRAMES = 250;
const WIDTH = 64;
const HEIGHT = 48;

let folder: string;
let server: ReviewServer;
let client: CvatClient;
let project: ProjectInfo;
let frames: UploadFrame[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-annotation-'));
  const pictures = path.join(folder, 'pictures');
  await mkdir(pictures);
  frames = [];
  for (let n = 0; n < FRAMES; n++) {
    const name = `file-0123456789ab_${String(n * 1000).padStart(9, '0')}.jpg`;
    const file = path.join(pictures, name);
    const background = { r: n, g: 255 - n, b: 90 };
    await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background } })
      .jpeg()
      .toFile(file);
    frames.push({ name, file });
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  server = await startReviewServer({ dataFolder: await mkdtemp(path.join(folder, 'server-')) });
  client = createCvatClient({ host: server.url, token: server.token }, { retryDelayMs: 20, pollMs: 20 });
  project = await ensureProject(client, { name: 'frameloop', labels: ['person', 'car', 'person'] });
});

afterEach(() => server.close());

const upload = (more: Partial<Parameters<typeof uploadTask>[1]> = {}) =>
  uploadTask(client, { name: 'round-1', project, frames, segmentSize: 100, ...more });
const taskCount = async () => (await client.list('/api/tasks', { project_id: project.id })).length;
const frameNames = async (taskId: number) => {
  const meta = await client.json<{ frames: { name: string }[] }>('GET', `/api/tasks/${taskId}/data/meta`);
  return meta.frames.map(({ name }) => name);
};
const names = () => frames.map(({ name }) => name);
const frameIds = (of: UploadFrame[]) => of.map(({ name }) => name.replace('.jpg', ''));
const completeJobs = async (taskId: number, count?: number) => {
  const jobs = await client.list<{ id: number; start_frame: number }>('/api/jobs', { task_id: taskId });
  for (const { id } of jobs.sort((a, b) => a.start_frame - b.start_frame).slice(0, count)) {
    await client.json('PATCH', `/api/jobs/${id}`, { body: { state: 'completed' } });
  }
};
const detection = (label: string, x1: number) => ({
  classId: 0,
  label,
  confidence: 0.5,
  x1,
  y1: 1,
  x2: x1 + 10,
  y2: 20,
});

describe('the server', () => {
  it('is found fit for work, and a wrong token is told', async () => {
    const info = await checkServer(client);
    expect(info.formats.exports).toContain('Ultralytics YOLO Detection 1.0');
    const stranger = createCvatClient({ host: server.url, token: 'wrong' });
    await expect(checkServer(stranger)).rejects.toMatchObject({ code: 'CVAT_AUTH' });
  });

  it('gets one project per name, with the labels of the model', async () => {
    expect(project.labels.map(({ name }) => name)).toEqual(['person', 'car']);
    expect(await ensureProject(client, { name: 'frameloop', labels: ['dog'] })).toEqual(project);
    expect(await ensureProject(client, { projectId: project.id, name: 'x', labels: [] })).toEqual(project);
    await expect(ensureProject(client, { projectId: 999, name: 'x', labels: [] })).rejects.toMatchObject({
      code: 'CVAT_PROJECT_NOT_FOUND',
    });
  });
});

describe('an upload', () => {
  it('of 250 frames makes one task in jobs of 100, and a second call makes no other', async () => {
    const progress: number[] = [];
    const task = await upload({ onProgress: (done) => progress.push(done) });
    expect(task).toMatchObject({ frames: FRAMES, jobs: 3, url: `${server.url}/tasks/${task.taskId}` });
    expect([...new Set(progress)]).toEqual([0, 100, 200, 250]);
    expect(await frameNames(task.taskId)).toEqual(names());
    expect(await upload()).toEqual(task);
    expect(await taskCount()).toBe(1);
    expect(await findTask(client, 'round-1', project.id)).toEqual({ taskId: task.taskId, url: task.url });
    expect(await findTask(client, 'round', project.id)).toBeUndefined();
  });

  it('brings every picture home unchanged', async () => {
    const { taskId } = await upload({ frames: frames.slice(0, 3) });
    const picture = await fetch(`${server.url}/api/tasks/${taskId}/data?type=frame&number=2&quality=original`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(await readFile(frames[2]!.file));
  });

  it('that was killed after its first batch is made anew: one task, the right frames', async () => {
    const abandoned = await client.json<{ id: number }>('POST', '/api/tasks', {
      body: { name: 'round-1', project_id: project.id, segment_size: 100 },
    });
    const data = `${server.url}/api/tasks/${abandoned.id}/data/`;
    const headers = { authorization: `Bearer ${server.token}` };
    await fetch(data, { method: 'POST', headers: { ...headers, 'upload-start': 'true' } });
    const form = new FormData();
    form.set('image_quality', '95');
    for (const [n, { name, file }] of frames.slice(0, 100).entries()) {
      form.set(`client_files[${n}]`, new Blob([await readFile(file)], { type: 'image/jpeg' }), name);
    }
    const sent = await fetch(data, { method: 'POST', headers: { ...headers, 'upload-multiple': 'true' }, body: form });
    expect(sent.status).toBe(200);

    const task = await upload();
    expect(await taskCount()).toBe(1);
    expect(await frameNames(task.taskId)).toEqual(names());
  });

  it('that was killed right after its finish is waited for, not repeated', async () => {
    // Stops at the first look at the background request, as a killed process would.
    const controller = new AbortController();
    let looks = 0;
    const onProgress = (done: number) => {
      if (done === FRAMES && ++looks === 2) controller.abort(new Error('killed'));
    };
    await expect(upload({ signal: controller.signal, onProgress })).rejects.toThrow('killed');
    const begun = await findTask(client, 'round-1', project.id);
    const task = await upload();
    expect(task.taskId).toBe(begun!.taskId);
    expect(await taskCount()).toBe(1);
    expect(await frameNames(task.taskId)).toEqual(names());
  });

  it('with a broken picture fails with the server’s reason, and works once it is mended', async () => {
    const broken = path.join(folder, 'broken.jpg');
    await writeFile(broken, 'no picture');
    const withBroken = [...frames.slice(0, 2), { name: 'broken.jpg', file: broken }];
    await expect(upload({ frames: withBroken })).rejects.toMatchObject({
      code: 'CVAT_TASK_CREATION_FAILED',
      message: expect.stringContaining('broken.jpg') as string,
      retryable: false,
    });
    await upload({ frames: frames.slice(0, 2) });
    expect(await taskCount()).toBe(1);
  });

  it('never touches a task of that name with other frames, or with people’s work', async () => {
    await upload({ frames: frames.slice(0, 3) });
    await expect(upload({ frames: frames.slice(5, 9) })).rejects.toMatchObject({ code: 'CVAT_TASK_NAME_TAKEN' });
    const { taskId } = await upload({ frames: frames.slice(0, 3) });
    await completeJobs(taskId);
    await expect(upload({ frames: frames.slice(0, 4) })).rejects.toMatchObject({ code: 'CVAT_TASK_NAME_TAKEN' });
    expect(await frameNames(taskId)).toEqual(names().slice(0, 3));
  });

  it('refuses names that CVAT would change, double names and missing files before it sends anything', async () => {
    const [a] = frames;
    const file = a!.file;
    for (const bad of [
      [],
      [{ name: 'a/b.jpg', file }],
      [
        { name: 'a.jpg', file },
        { name: 'a.jpg', file },
      ],
    ]) {
      await expect(upload({ frames: bad })).rejects.toMatchObject({ code: 'CVAT_FRAMES_INVALID' });
    }
    await expect(upload({ frames: [{ name: 'a.jpg', file: `${file}.gone` }] })).rejects.toMatchObject({
      code: 'FRAME_FILE_MISSING',
    });
    expect(await taskCount()).toBe(0);
  });
});

describe('how frames become jobs', () => {
  type Job = { start_frame: number; stop_frame: number; assignee: { username: string } | null };
  const jobsOf = async (taskId: number) => {
    const jobs = await client.list<Job>('/api/jobs', { task_id: taskId });
    return jobs.sort((a, b) => a.start_frame - b.start_frame);
  };
  const ranges = (jobs: Job[]) => jobs.map(({ start_frame, stop_frame }) => [start_frame, stop_frame]);

  it('in a given order: the most uncertain first', async () => {
    const given = [frames[4]!, frames[0]!, frames[2]!, frames[1]!];
    const { taskId } = await upload({ frames: given, order: 'given', segmentSize: 3 });
    expect(await frameNames(taskId)).toEqual(given.map(({ name }) => name));
    expect(ranges(await jobsOf(taskId))).toEqual([
      [0, 2],
      [3, 3],
    ]);
    expect(await upload({ frames: given, order: 'given', segmentSize: 3 })).toMatchObject({ taskId });
  });

  it('in groups: no job holds frames of two videos', async () => {
    const grouped = frames.slice(0, 7).map((frame, n) => ({ ...frame, group: n < 4 ? 'first' : 'second' }));
    const { taskId, jobs } = await upload({ frames: grouped, order: 'group', segmentSize: 3 });
    expect(jobs).toBe(3);
    expect(await frameNames(taskId)).toEqual(names().slice(0, 7));
    expect(ranges(await jobsOf(taskId))).toEqual([
      [0, 2],
      [3, 3],
      [4, 6],
    ]);
  });

  it('for people: in turn, without taking a job from somebody, and with a link to the round', async () => {
    const some = { frames: frames.slice(0, 4), segmentSize: 2, subset: 'val', bugTracker: 'http://temporal.test/x' };
    const { taskId } = await upload({ ...some, assignees: ['reviewer'] });
    expect((await jobsOf(taskId)).map(({ assignee }) => assignee?.username)).toEqual(['reviewer', 'reviewer']);
    const task = await client.json('GET', `/api/tasks/${taskId}`);
    expect(task).toMatchObject({ subset: 'val', bug_tracker: 'http://temporal.test/x' });
    await expect(upload({ ...some, name: 'round-2', assignees: ['nobody'] })).rejects.toMatchObject({
      code: 'CVAT_USER_UNKNOWN',
    });
    // Who is asked for is looked up before a task is made.
    expect(await taskCount()).toBe(1);
  });
});

describe('an upload that was interrupted', () => {
  it('goes on after the batch that arrived last, with the batch on its way sent again', async () => {
    const journalFile = path.join(folder, 'upload.json');
    const sent: number[] = [];
    const controller = new AbortController();
    const stopAt = (done: number) => done === 200 && controller.abort(new Error('killed'));
    await expect(upload({ journalFile, signal: controller.signal, onProgress: stopAt })).rejects.toThrow('killed');
    const begun = await findTask(client, 'round-1', project.id);
    // As a kill between the answer and the note of it would leave it.
    const journal = JSON.parse(await readFile(journalFile, 'utf8')) as { sent: string[]; inFlight: string[] };
    expect(journal.sent).toHaveLength(200);
    await writeFile(
      journalFile,
      JSON.stringify({ ...journal, sent: names().slice(0, 100), inFlight: names().slice(100, 200) }),
    );
    const task = await upload({ journalFile, onProgress: (done) => sent.push(done) });
    expect([...new Set(sent)]).toEqual([100, 200, 250]);
    expect(task.taskId).toBe(begun!.taskId);
    expect(await frameNames(task.taskId)).toEqual(names());
    expect(await taskCount()).toBe(1);
    await expect(readFile(journalFile)).rejects.toThrow('ENOENT');
  });

  it('by a proxy that takes no large requests goes on with smaller ones, from then on', async () => {
    // Seven of these pictures and their headers are more than the proxy takes.
    const limit = 6000;
    const sizes: number[] = [];
    const proxy = createServer((request, response) => {
      void buffer(request).then(async (body) => {
        if ('upload-multiple' in request.headers) sizes.push(body.length);
        if (body.length > limit) return response.writeHead(413).end('<h1>413 Request Entity Too Large</h1>');
        const { host: _host, connection: _connection, ...headers } = request.headers;
        const init = { method: request.method, headers: headers as Record<string, string> };
        const answer = await fetch(`${server.url}${request.url}`, body.length > 0 ? { ...init, body } : init);
        const bytes = Buffer.from(await answer.arrayBuffer());
        return response.writeHead(answer.status, { 'content-length': bytes.length }).end(bytes);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const host = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const limited = createCvatClient({ host, token: server.token }, { retryDelayMs: 20, pollMs: 20 });
    try {
      const request = { name: 'round-1', project, frames: frames.slice(0, 40) };
      const { taskId } = await uploadTask(limited, request);
      expect(await frameNames(taskId)).toEqual(names().slice(0, 40));
      const refused = sizes.filter((size) => size > limit).length;
      expect(refused).toBeGreaterThan(0);
      expect(refused).toBeLessThan(5);
      // No request after the first that fitted was too large again.
      expect(sizes.slice(sizes.findIndex((size) => size <= limit)).every((size) => size <= limit)).toBe(true);
    } finally {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    }
  });
});

describe('the preflight', () => {
  const request = {
    ...{ name: 'frameloop', labels: ['person', 'dog'], createLabels: false },
    ...{ exportFormat: 'YOLOv8 Detection 1.0', importYolo: true },
  };

  it('adds labels only where it is told to, and nothing in a dry run', async () => {
    const labels = async () => (await ensureProject(client, { name: 'frameloop', labels: [] })).labels.length;
    const { project: asItIs } = await preflight(client, request);
    expect(() => mapLabels(asItIs!, ['dog'])).toThrow(expect.objectContaining({ code: 'CVAT_LABEL_MISSING' }) as Error);
    const { project: planned } = await preflight(client, { ...request, createLabels: true, dryRun: true });
    expect(mapLabels(planned!, ['dog']).size).toBe(1);
    expect(await labels()).toBe(2);
    const { project: changed } = await preflight(client, { ...request, createLabels: true });
    expect(changed!.labels.map(({ name }) => name)).toEqual(['person', 'car', 'dog']);
    expect(await preflight(client, { ...request, name: 'not there', dryRun: true })).not.toHaveProperty('project');
    expect(await taskCount()).toBe(0);
  });

  it('names an assignee that there is not, also in a dry run and before there is a project', async () => {
    expect(await preflight(client, { ...request, assignees: ['reviewer'] })).toHaveProperty('project');
    for (const name of ['frameloop', 'not there']) {
      const wrong = { ...request, name, assignees: ['reviewer', 'nobody'], dryRun: true };
      await expect(preflight(client, wrong)).rejects.toMatchObject({
        code: 'CVAT_USER_UNKNOWN',
        message: expect.stringContaining('"nobody"') as string,
      });
    }
  });

  it('maps classes to labels of other names', () => {
    const ids = mapLabels(project, ['player', 'car'], { player: 'person' });
    expect(ids.get('player')).toBe(project.labels.find(({ name }) => name === 'person')!.id);
  });

  it('names the formats that there are', async () => {
    await expect(preflight(client, { ...request, exportFormat: 'YOLOv99' })).rejects.toMatchObject({
      code: 'CVAT_FORMAT_UNKNOWN',
      hint: expect.stringContaining('YOLO 1.1') as string,
    });
  });
});

describe('boxes as files', () => {
  it.each(['YOLOv8 Detection 1.0', 'Ultralytics YOLO Detection 1.0', 'YOLO 1.1', 'COCO 1.0'])(
    'pre-labels go as a zip (%s preferred), people finish, and the same boxes come home by export',
    async (format) => {
      const some = frames.slice(0, 4);
      const { taskId } = await upload({ frames: some, segmentSize: 2 });
      const labelIds = mapLabels(project, ['person', 'car']);
      const request = {
        frames: [
          { name: some[0]!.name, detections: [detection('person', 3.5), detection('car', 20.25)] },
          { name: some[2]!.name, detections: [detection('car', 5)] },
        ],
        labelIds,
        yoloZip: { preferredFormat: format },
      };
      expect(await putPreLabels(client, taskId, request)).toEqual({ boxes: 3, written: true });
      expect(await putPreLabels(client, taskId, request)).toEqual({ boxes: 3, written: true });
      await completeJobs(taskId);
      const yolo = format === 'COCO 1.0' ? 'YOLO 1.1' : format;
      const exported = await exportLabels(client, taskId, { format: yolo, toFile: path.join(folder, 'labels.zip') });
      const ids = frameIds(some);
      const byExport = await annotationsFromExport(client, taskId, { frameIds: ids, ...exported });
      const byJson = await downloadAnnotations(client, taskId, { frameIds: ids });
      expect(byExport.frames.map(({ state }) => state)).toEqual(['reviewed', 'empty', 'reviewed', 'empty']);
      // Six decimals of 64 pixels.
      const round = (value: unknown): unknown =>
        JSON.parse(
          JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'number' ? +inner.toFixed(3) : inner)),
        );
      expect(round(byExport.frames)).toEqual(round(byJson.frames));
    },
  );

  it('that cannot be read are told, and nothing of them is unpacked', async () => {
    const { taskId } = await upload({ frames: frames.slice(0, 1) });
    const file = path.join(folder, 'bad.zip');
    const request = { frameIds: [], format: 'YOLO 1.1', file };
    await writeFile(file, 'no zip');
    await expect(annotationsFromExport(client, taskId, request)).rejects.toMatchObject({
      code: 'CVAT_EXPORT_UNREADABLE',
    });
    await expect(annotationsFromExport(client, taskId, { ...request, format: 'COCO 1.0' })).rejects.toMatchObject({
      code: 'CVAT_FORMAT_UNKNOWN',
    });
  });
});

describe('the way of the labels', () => {
  it('pre-labels go in, people finish, and every frame comes back as reviewed, empty or not reviewed', async () => {
    const some = frames.slice(0, 6);
    const { taskId } = await upload({ frames: some, segmentSize: 2 });
    const labelIds = mapLabels(project, ['person', 'car']);
    const request = {
      frames: [
        { name: some[0]!.name, detections: [detection('person', 3.5), detection('car', 20)] },
        { name: some[1]!.name, detections: [] },
        { name: some[2]!.name, detections: [detection('person', 5)] },
        { name: some[4]!.name, detections: [detection('person', 7)] },
      ],
      labelIds,
    };
    expect(await putPreLabels(client, taskId, request)).toEqual({ boxes: 4, written: true });
    expect(await putPreLabels(client, taskId, request)).toEqual({ boxes: 4, written: true });
    expect(await readTaskProgress(client, taskId, 'jobs_completed')).toMatchObject({
      state: 'open',
      jobsDone: 0,
      jobsTotal: 3,
    });

    // A person deletes the box of frame 2, draws one in frame 3, and finishes the first two jobs.
    type Shape = { frame: number; points: number[]; source: string; score: number };
    const annotations = `/api/tasks/${taskId}/annotations`;
    const { shapes } = await client.json<{ shapes: Shape[] }>('GET', annotations);
    expect(shapes.map(({ source, score }) => [source, score])).toEqual(shapes.map(() => ['auto', 0.5]));
    const drawn = {
      type: 'rectangle',
      frame: 3,
      label_id: labelIds.get('car'),
      points: [9, 9, 19, 29],
      source: 'manual',
    };
    const kept = shapes.filter(({ frame }) => frame !== 2).map((shape) => ({ ...shape, id: undefined }));
    const tag = { frame: 0, label_id: labelIds.get('car') };
    const body = { version: 0, tags: [tag], tracks: [], shapes: [...kept, drawn] };
    await client.json('PUT', annotations, { body });
    await completeJobs(taskId, 2);

    expect(await putPreLabels(client, taskId, request)).toEqual({ boxes: 4, written: false });
    expect(await readTaskProgress(client, taskId, 'jobs_completed')).toMatchObject({ state: 'open', jobsDone: 2 });
    const { frames: reviewed, warnings } = await downloadAnnotations(client, taskId, { frameIds: frameIds(some) });
    expect(warnings).toEqual(['Labels of whole frames (tags), which no dataset of boxes can hold: 1, left out']);
    expect(reviewed).toMatchObject([
      {
        frameId: some[0]!.name.replace('.jpg', ''),
        state: 'reviewed',
        boxes: [
          { label: 'person', x1: 3.5, y1: 1, x2: 13.5, y2: 20 },
          { label: 'car', x1: 20, y1: 1, x2: 30, y2: 20 },
        ],
      },
      { frameId: some[1]!.name.replace('.jpg', ''), state: 'empty', boxes: [] },
      { frameId: some[2]!.name.replace('.jpg', ''), state: 'empty', boxes: [] },
      {
        frameId: some[3]!.name.replace('.jpg', ''),
        state: 'reviewed',
        boxes: [{ label: 'car', x1: 9, y1: 9, x2: 19, y2: 29 }],
      },
      { frameId: some[4]!.name.replace('.jpg', ''), state: 'not_reviewed', boxes: [] },
      { frameId: some[5]!.name.replace('.jpg', ''), state: 'not_reviewed', boxes: [] },
    ]);

    await completeJobs(taskId);
    expect(await readTaskProgress(client, taskId, 'jobs_completed')).toMatchObject({ state: 'complete', jobsDone: 3 });
    expect(await readTaskProgress(client, taskId, 'task_accepted')).toMatchObject({ state: 'open', jobsDone: 0 });

    const toFile = path.join(folder, 'export', 'labels.zip');
    expect(await exportLabels(client, taskId, { format: 'YOLOv8 Detection 1.0', toFile })).toEqual({
      format: expect.stringMatching(/^(YOLOv8|Ultralytics YOLO) Detection 1\.0$/) as string,
      file: toFile,
    });
    expect((await readFile(toFile)).subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
    await expect(exportLabels(client, taskId, { format: 'YOLOv9', toFile })).rejects.toMatchObject({
      code: 'CVAT_FORMAT_UNKNOWN',
    });
  });

  it('a deleted task is told as deleted', async () => {
    const { taskId } = await upload({ frames: frames.slice(0, 2) });
    await client.json('DELETE', `/api/tasks/${taskId}`);
    expect(await readTaskProgress(client, taskId, 'jobs_completed')).toMatchObject({ state: 'deleted' });
    await expect(downloadAnnotations(client, taskId, { frameIds: [] })).rejects.toMatchObject({
      code: 'CVAT_NOT_FOUND',
    });
  });
});
