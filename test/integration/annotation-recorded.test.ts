import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkServer,
  ensureProject,
  findProject,
  installWebhook,
  mapLabels,
  pingWebhook,
  putPreLabels,
  readTaskProgress,
  uploadTask,
  type CvatClient,
  type UploadTaskRequest,
} from '../../src/annotation/index.js';
import { awaitCreation, finishUpload } from '../../src/annotation/cvat/creation.js';
import { resultPath } from '../../src/annotation/cvat/export.js';
import { importLabels } from '../../src/annotation/cvat/import.js';
import { awaitRequest, listRequests } from '../../src/annotation/cvat/requests.js';
import { verifyTask } from '../../src/annotation/cvat/settle.js';
import { annotationJobs, deleteTask, readDataMeta, readTask, tasksNamed } from '../../src/annotation/cvat/tasks.js';
import { readYoloExport, toPixels } from '../../src/annotation/cvat/yolo-export.js';
import { isSigned, meaningOf } from '../../src/client/webhook-event.js';
import { readRecord, recordFiles, Replay } from './annotation-replayer.js';

const clip = (n: number) => `clip_00000${n}.jpg`;
const clips = (count: number) => Array.from({ length: count }, (_, n) => clip(n));
const project = {
  id: 1,
  name: 'al-demo',
  labels: [
    { id: 1, name: 'person' },
    { id: 2, name: 'car' },
    { id: 3, name: 'dog' },
  ],
};
const yolo = 'YOLOv8 Detection 1.0';
const detection = (label: string, [x1, y1, x2, y2]: [number, number, number, number]) => ({
  ...{ classId: 0, label, confidence: 0.9 },
  ...{ x1, y1, x2, y2 },
});

let folder: string;
let picture: string;
let zipFile: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-recorded-'));
  picture = path.join(folder, 'picture.jpg');
  zipFile = path.join(folder, 'labels.zip');
  await writeFile(picture, 'not looked at');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const frames = (count: number) => clips(count).map((name) => ({ name, file: picture }));
const upload = (client: CvatClient, name: string, count: number, more: Partial<UploadTaskRequest> = {}) =>
  uploadTask(client, { name, project, frames: frames(count), imageQuality: 70, ...more });
const sent = (count: number, inOrder = false) => ({ names: clips(count), inOrder });
const finish = (client: CvatClient, task: number, more = {}) =>
  finishUpload(client, task, { image_quality: 70, ...more });

function startExport(client: CvatClient, taskId: number, format = yolo): Promise<{ rq_id: string }> {
  const query = { format, save_images: false, location: 'local' };
  return client.json('POST', `/api/tasks/${taskId}/dataset/export`, { query });
}

const downloadOf = (taskId: number) =>
  `/api/tasks/${taskId}/annotations?format=YOLOv8+Detection+1.0&save_images=false&action=download`;

/** Exports, waits and fetches the result under the address that the server gave. */
async function exportedBoxes(client: CvatClient, taskId: number, format = yolo) {
  const { rq_id: requestId } = await startExport(client, taskId, format);
  const outcome = await awaitRequest(client, requestId);
  if (outcome.status !== 'finished') throw new Error(`the export is ${outcome.status}`);
  await client.download(resultPath(outcome.request.result_url!), zipFile);
  return pixels(await readYoloExport(zipFile));
}

/** Corners in pixels by frame; the clip has 640 x 360. */
function pixels({ boxes }: Awaited<ReturnType<typeof readYoloExport>>) {
  const size = { width: 640, height: 360 };
  const frames = [...boxes].filter(([, inFrame]) => inFrame.length > 0).sort();
  return new Map(frames.map(([frameId, inFrame]) => [frameId, inFrame.map((box) => toPixels(box, size))]));
}

function expectNear({ x1, y1, x2, y2 }: ReturnType<typeof toPixels>, expected: readonly number[]): void {
  // Six decimals of 640 pixels.
  [x1, y1, x2, y2].forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 2));
}

/** What our client does with each record. Facts that are expected stand in the records themselves, in their notes. */
const plays: Record<string, (replay: Replay) => Promise<void>> = {
  async '00_happy_path'(replay) {
    const { client } = replay;
    const found = await ensureProject(client, { projectId: 1, name: '', labels: [] });
    expect(found.labels.map(({ name }) => name)).toEqual(['person', 'car', 'dog']);
    const labelIds = mapLabels(found, ['person', 'car']);
    expect(await upload(client, 'al:happy', 10, { subset: 'train' })).toMatchObject({
      taskId: 40,
      frames: 10,
      jobs: 1,
    });
    const box: [number, number, number, number] = [10.5, 20, 110.25, 120];
    const preLabels = [
      { name: clip(0), detections: [detection('person', box), detection('person', box)] },
      { name: clip(4), detections: [detection('car', [14.5, 20, 114.25, 120])] },
    ];
    expect(await putPreLabels(client, 40, { frames: preLabels, labelIds })).toEqual({ boxes: 3, written: true });
    replay.from(15);
    expect(await readTaskProgress(client, 40, 'jobs_completed')).toMatchObject({ state: 'open', jobsTotal: 1 });
    // From the list of jobs after they were set to completed.
    replay.from(18);
    expect(await readTaskProgress(client, 40, 'jobs_completed')).toMatchObject({ state: 'complete', jobsTotal: 1 });
    replay.from(18);
    expect(await readTaskProgress(client, 40, 'task_accepted')).toMatchObject({ state: 'open' });
    const boxes = await exportedBoxes(client, 40);
    expect(boxes.get('clip_000000')).toHaveLength(2);
    boxes.get('clip_000000')!.forEach((each) => expectNear(each, box));
    expectNear(boxes.get('clip_000004')![0]!, [14.5, 20, 114.25, 120]);
    await deleteTask(client, 40);
    expect(await readTask(client, 40)).toBeUndefined();
  },
  async '01_about_formats_login'(replay) {
    const { client } = replay;
    const { version, user, formats } = await checkServer(client);
    expect([version, user]).toEqual(['2.23.1', 'admin1']);
    expect(formats.exports).toContain('COCO 1.0');
    // An access token at a server that knows none.
    replay.from('Bearer at 2.23.1');
    await expect(client.json('GET', '/api/users/self')).rejects.toMatchObject({ code: 'CVAT_AUTH' });
    replay.from('wrong basic password');
    await expect(client.json('GET', '/api/users/self')).rejects.toMatchObject({
      code: 'CVAT_AUTH',
      message: expect.stringContaining('Invalid username/password.') as string,
    });
  },
  async '02_project_labels_pagination'(replay) {
    const { client } = replay;
    expect(await findProject(client, { projectId: 1, name: '' })).toMatchObject({ id: 1, labels: project.labels });
    await expect(findProject(client, { projectId: 999999, name: '' })).rejects.toMatchObject({
      code: 'CVAT_PROJECT_NOT_FOUND',
    });
    replay.from('create task');
    const tasks = await tasksNamed(client, 'dup', 1);
    expect(tasks.map(({ id }) => id)).toEqual([...tasks.map(({ id }) => id)].sort((a, b) => a - b));
    expect(tasks.length).toBeGreaterThan(1);
    expect((await readTask(client, 1))?.size ?? 0).toBe(0);
    await expect(readDataMeta(client, 1)).rejects.toMatchObject({ status: 500 });
    replay.from('delete again');
    await deleteTask(client, 1);
    expect(await readTask(client, 1)).toBeUndefined();
  },
  async '03_create_upload_poll'(replay) {
    const { client } = replay;
    expect(await finish(client, 4)).toBe('create:task-4');
    await awaitCreation(client, 4, 'create:task-4');
    expect(await verifyTask(client, 4, sent(10))).toMatchObject({ frames: 10, jobs: 1 });
    // Told again after the creation: nothing is made twice, since the server says so and the task has frames.
    replay.from('second Upload-Finish after creation');
    expect(await finish(client, 4)).toBe('create:task-4');
    expect(await awaitRequest(client, 'nonsense')).toEqual({ status: 'lost' });
    replay.from('request of another user');
    expect(await awaitRequest(client, 'create:task-4')).toEqual({ status: 'lost' });
  },
  async '04_upload_second_finish_while_queued'(replay) {
    const { client } = replay;
    expect(await finish(client, 5)).toBe('create:task-5');
    expect(await awaitRequest(client, 'create:task-5')).toMatchObject({ status: 'finished' });
    expect((await readDataMeta(client, 5)).frames).toEqual([]);
    replay.from('after cancel');
    expect(await awaitRequest(client, 'create:task-6')).toEqual({ status: 'lost' });
    replay.from('after delete');
    const { status } = await awaitRequest(client, 'create:task-7');
    expect(status).toBe('failed');
  },
  async '05_upload_traps'(replay) {
    const { client } = replay;
    replay.from('one broken image');
    expect(await finish(client, 10)).toBe('create:task-10');
    await expect(awaitCreation(client, 10, 'create:task-10')).rejects.toMatchObject({
      code: 'CVAT_TASK_CREATION_FAILED',
      message: expect.stringContaining("cannot identify image file 'broken.jpg'") as string,
    });
    const order = [clip(2), clip(0), clip(1)];
    await finish(client, 11, { sorting_method: 'predefined', upload_file_order: order });
    expect((await readDataMeta(client, 11)).frames?.map(({ name }) => name)).toEqual(order);
    replay.from('predefined order that does not match');
    await expect(
      client.json('POST', '/api/tasks/12/data/', {
        headers: { 'upload-finish': 'true' },
        body: { image_quality: 70, sorting_method: 'predefined', upload_file_order: order },
      }),
    ).rejects.toMatchObject({ status: 400, message: expect.stringContaining('do not match') as string });
    await finish(client, 15, { sorting_method: 'lexicographical', job_file_mapping: [clips(2), clips(5).slice(2)] });
    const jobs = await annotationJobs(client, 15);
    expect(jobs.map(({ start_frame, stop_frame }) => [start_frame, stop_frame])).toEqual([
      [0, 1],
      [2, 4],
    ]);
    await expect(client.json('POST', '/api/tasks', { body: { name: 'x', project_id: 1 } })).rejects.toMatchObject({
      code: 'CVAT_FORBIDDEN',
    });
  },
  async '06_double_finish'({ client }) {
    await finish(client, 17);
    const made = readRecord<{ exchanges: { note?: string }[] }>('06_double_finish');
    expect(made.exchanges.some(({ note }) => note?.includes('duplicated?'))).toBe(true);
    await expect(verifyTask(client, 17, sent(3))).rejects.toMatchObject({
      code: 'CVAT_UPLOAD_IN_DOUBT',
      message: expect.stringContaining('twice') as string,
    });
  },
  async '07_annotations_put'(replay) {
    const { client } = replay;
    const path = '/api/tasks/4/annotations';
    const body = { version: 0, tags: [], tracks: [], shapes: [] };
    replay.from('unknown label_id');
    await expect(client.json('PUT', path, { body })).rejects.toMatchObject({
      code: 'CVAT_REJECTED',
      message: expect.stringContaining('label_id `999` is invalid') as string,
    });
    replay.from('no label_id');
    await expect(client.json('PUT', path, { body })).rejects.toMatchObject({
      message: expect.stringContaining('shapes.label_id: This field is required.') as string,
    });
    replay.from('body is a list');
    await expect(client.json('PUT', path, { body })).rejects.toMatchObject({ code: 'CVAT_SERVER_ERROR' });
    // A frame that the task does not have is dropped without a word: the answer has fewer shapes than were sent.
    replay.from('read back: out-of-range frame');
    const { shapes } = await client.json<{ shapes: unknown[] }>('GET', path);
    expect(shapes).toHaveLength(1);
  },
  async '08_import_yolov8_zip'(replay) {
    const { client } = replay;
    const zip = Buffer.from('PK');
    await importLabels(replay.from('1 Upload-Start').client, 4, { format: yolo, zip });
    const [request] = await listRequests(client, 4, 'import');
    expect(request?.id).toBe('import:task-4-annotations');
    for (const note of ['6th column (confidence)', 'nc key in data.yaml', 'class id 7 not in names']) {
      replay.from('1 Upload-Start');
      await importLabels(client, 4, { format: yolo, zip }).catch(() => undefined);
      replay.from(note);
      expect(await awaitRequest(client, 'import:task-4-annotations')).toMatchObject({ status: 'failed' });
    }
  },
  async '09_webhooks'(replay) {
    const { client } = replay;
    const url = 'http://127.0.0.1:18999/hook';
    expect(await installWebhook(client, { project, url: 'http://elsewhere/', secret: 's' })).toEqual({
      id: 1,
      created: true,
    });
    expect(await installWebhook(client, { project, url, secret: 's' })).toEqual({ id: 1, created: false });
    await pingWebhook(client, 1);
    replay.from('ping to a closed port');
    await expect(pingWebhook(client, 1)).rejects.toMatchObject({ code: 'CVAT_WEBHOOK_UNREACHABLE' });
  },
  async '10_export'(replay) {
    const { client } = replay;
    // Sent were two boxes on frame 0, one on 3, only a polygon on 5, and so on; the file has what is a box.
    const boxes = await exportedBoxes(client, 4);
    expect(boxes.get('clip_000000')).toHaveLength(2);
    expect(boxes.has('clip_000005')).toBe(false);
    replay.from('YOLO 1.1 labels only');
    expect(await exportedBoxes(client, 4, 'YOLO 1.1')).toEqual(boxes);
    replay.from('the same export while queued');
    await expect(startExport(client, 4)).rejects.toMatchObject({ code: 'CVAT_CONFLICT', retryable: true });
    replay.from('unknown export format');
    await expect(startExport(client, 4, 'Ultralytics YOLO Detection 1.0')).rejects.toMatchObject({
      code: 'CVAT_REJECTED',
    });
  },
  async '11_export_other_subset'(replay) {
    const { client } = replay;
    // In images/val, images/valid and images/test, with lists and keys of the same names.
    for (const taskId of [22, 23]) {
      const boxes = await exportedBoxes(client, taskId);
      expect(boxes.get('clip_000000')!.length).toBeGreaterThan(0);
      expect(await exportedBoxes(client, taskId, 'YOLO 1.1')).toEqual(boxes);
    }
  },
  async '12_export_staleness'(replay) {
    const { client } = replay;
    const first = await exportedBoxes(client, 4);
    replay.from('download 1b (same URL again)');
    await expect(client.download(downloadOf(4), zipFile)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('Unknown export request id') as string,
    });
    // Exported before a change and fetched after it: the old content, with a 200.
    replay.from('first download of export 2, after the annotations changed');
    await client.download(downloadOf(4), zipFile);
    expect(pixels(await readYoloExport(zipFile))).toEqual(first);
    // A new export has the new content.
    replay.from('download with the vendor Accept');
    await client.download(downloadOf(4), zipFile);
    expect([...pixels(await readYoloExport(zipFile)).keys()]).toEqual(['clip_000000', 'clip_000001']);
  },
  async '13_errors_expiry_token'({ client }) {
    // A creation that succeeded is forgotten after 500 s; the task says that it did.
    await awaitCreation(client, 4, 'create:task-4');
    expect(await listRequests(client, 999999, 'create')).toEqual([]);
  },
  async '14_organization'({ client }) {
    expect(await client.json('GET', '/api/projects/2')).toMatchObject({ organization: 1 });
    await expect(client.json('POST', '/api/tasks', { body: { name: 'o1', project_id: 2 } })).rejects.toMatchObject({
      code: 'CVAT_REJECTED',
      hint: expect.stringContaining('organization') as string,
    });
    const made = await client.json<{ id: number; organization: number }>('POST', '/api/tasks', {
      query: { org_id: 1 },
      body: { name: 'o1', project_id: 2 },
    });
    expect(made).toMatchObject({ id: 26, organization: 1 });
    expect((await tasksNamed(client, 'o1', 2)).map(({ id }) => id)).toEqual([26]);
    await finish(client, 26);
    expect(await awaitRequest(client, 'create:task-26')).toMatchObject({ status: 'finished' });
    expect(await annotationJobs(client, 26)).toHaveLength(1);
  },
  async '15_tus_data'({ client }) {
    await finish(client, 28);
    await awaitRequest(client, 'create:task-28');
    expect((await readDataMeta(client, 28)).frames?.map(({ name }) => name)).toEqual(clips(3));
  },
  '16_webhook_vectors'() {
    const { secret, deliveries } = readRecord<{
      secret: string;
      deliveries: { headers: Record<string, string>; raw_body: string }[];
    }>('16_webhook_vectors');
    expect(deliveries.length).toBeGreaterThan(20);
    for (const { headers, raw_body: text } of deliveries) {
      const body = Buffer.from(text, 'utf8');
      expect(isSigned(body, headers['X-Signature-256'], secret)).toBe(true);
      expect(isSigned(body, headers['X-Signature-256'], `${secret}x`)).toBe(false);
      expect(isSigned(Buffer.concat([body, Buffer.from(' ')]), headers['X-Signature-256'], secret)).toBe(false);
      expect(meaningOf(JSON.parse(text), 2)).toHaveProperty('ignored');
    }
    return Promise.resolve();
  },
  async '17_more_traps'({ client }) {
    expect((await readDataMeta(client, 31)).frames?.map(({ name }) => name)).toEqual([
      ...['B.JPG', 'a_10.jpg', 'a_2.jpg', 'b 2.jpg', 'c.jpeg', 'é世.jpg'],
    ]);
    await expect(annotationJobs(client, 999999)).rejects.toMatchObject({ status: 400 });
    expect((await readDataMeta(client, 34)).frames).toHaveLength(3);
  },
  async '18_jobs_segments'(replay) {
    const { client } = replay;
    await finish(client, 41);
    expect(await awaitRequest(client, 'create:task-41')).toMatchObject({ status: 'finished' });
    const jobs = await annotationJobs(client, 41);
    expect(jobs.map(({ start_frame }) => start_frame)).toEqual([0, 4, 8]);
    // All three completed, one of them accepted: the task's own status still says "annotation".
    replay.from('all three state=completed, one acceptance');
    expect(await readTask(client, 41)).toMatchObject({ status: 'annotation' });
  },
  async '19_double_finish_single_worker'({ client }) {
    await finish(client, 45);
    const [request] = await listRequests(client, 45, 'create');
    expect(request).toMatchObject({ id: 'create:task-45' });
    await awaitRequest(client, 'create:task-45');
    expect((await annotationJobs(client, 45)).length).toBeGreaterThan(1);
  },
  async '20_small_checks'(replay) {
    const { client } = replay;
    const { rq_id: id } = await client.json<{ rq_id: string }>('POST', '/api/tasks/46/dataset/export', {
      query: { format: 'YOLO 1.1', save_images: false, location: 'local' },
    });
    expect(await awaitRequest(client, id)).toMatchObject({ status: 'failed' });
    replay.from('task after Upload-Start, before any file');
    const preLabels = { frames: [{ name: clip(0), detections: [] }], labelIds: new Map<string, number>() };
    await expect(putPreLabels(client, 46, preLabels)).rejects.toMatchObject({ code: 'CVAT_TASK_NOT_READY' });
  },
};

/** Calls of the official clients: they are part of what our requests are held against. */
const withoutPlay = new Set(['sdk223_calls', 'sdk280_calls', 'sdk280_api_facts']);

describe.skipIf(recordFiles.length === 0)('what a real CVAT 2.23.1 accepted and answered', () => {
  it.each(recordFiles.filter((name) => !withoutPlay.has(name)))('%s', async (name) => {
    const play = plays[name];
    expect(play, `nobody plays ${name}`).toBeDefined();
    const replay = await new Replay(name).start();
    try {
      await play!(replay);
      expect(replay.faults).toEqual([]);
    } finally {
      await replay.stop();
    }
  });
});
