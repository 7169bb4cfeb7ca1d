/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call -- answers of any shape */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { batch, clientOf, jpeg, makeProject, makeTask, settled, type Client } from './review-server-client.js';

/** Minimal bodies that the official Python client reads, kept beside the repository by the people who measured them. */
const examples = fileURLToPath(new URL('../../../shared/cvat-examples/', import.meta.url));

let dataFolder: string;
let server: ReviewServer;
let call: Client;
let projectId: number;
let labelIds: number[];
let taskId: number;

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-bodies-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  ({ id: projectId, labelIds } = await makeProject(call));
  taskId = await makeTask(call, projectId, { 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2), 'c.jpg': await jpeg(3) });
  const shapes = [{ type: 'rectangle', label_id: labelIds[0], frame: 0, points: [1, 2, 3, 4] }];
  await call('PUT', `/api/tasks/${taskId}/annotations`, { shapes });
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

/** What a reader of `example` would miss in `body`: keys that are absent and values of another kind. */
function missing(example: unknown, body: unknown, where: string): string[] {
  const kind = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);
  // null in an example means that the field may be null, so anything may be there.
  if (example === null) return [];
  if (kind(example) !== kind(body)) return [`${where} is ${kind(body)}, not ${kind(example)}`];
  if (Array.isArray(example))
    return example.length === 0 ? [] : missing(example[0], (body as unknown[])[0], `${where}[0]`);
  if (typeof example !== 'object') return [];
  const there = body as Record<string, unknown>;
  return Object.entries(example).flatMap(([key, value]) =>
    key in there ? missing(value, there[key], `${where}.${key}`) : [`${where}.${key} is absent`],
  );
}

describe.skipIf(!existsSync(examples))(
  `the official client finds the fields it needs${existsSync(examples) ? '' : ' (skipped: no ../shared/cvat-examples)'}`,
  () => {
    const jobId = async () => (await call('GET', `/api/jobs?task_id=${taskId}`)).body.results[0].id as number;
    const exportRequest = async () => {
      const url = `/api/tasks/${taskId}/dataset/export?format=YOLO%201.1&save_images=False`;
      return settled(call, (await call('POST', url)).body.rq_id as string);
    };
    const failedRequest = async () => {
      const { body } = await call('POST', '/api/tasks', { name: 'empty', project_id: projectId });
      const finish = await call('POST', `/api/tasks/${body.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
      return settled(call, finish.body.rq_id as string);
    };
    const cases: Record<string, () => Promise<{ body: unknown }>> = {
      about: () => call('GET', '/api/server/about'),
      user_self: () => call('GET', '/api/users/self'),
      project: () => call('GET', `/api/projects/${projectId}`),
      projects_page: () => call('GET', '/api/projects?page=1'),
      label: async () => ({ body: (await call('GET', `/api/labels?task_id=${taskId}&org=&page=1`)).body.results[0] }),
      labels_page: async () => call('GET', `/api/labels?job_id=${await jobId()}`),
      task: () => call('GET', `/api/tasks/${taskId}`),
      tasks_page: () => call('GET', `/api/tasks?name=task&project_id=${projectId}`),
      data_meta: () => call('GET', `/api/tasks/${taskId}/data/meta`),
      annotations: () => call('GET', `/api/tasks/${taskId}/annotations/`),
      job: async () => call('GET', `/api/jobs/${await jobId()}`),
      jobs_page: () => call('GET', `/api/jobs?task_id=${taskId}&org=&page=1`),
      request: () => call('GET', `/api/requests/action%3Dcreate%26target%3Dtask%26target_id%3D${taskId}`),
      request_export: exportRequest,
      request_failed: failedRequest,
      error_detail: () => call('GET', '/api/tasks/999999'),
    };
    test.each(Object.keys(cases))('%s', async (name) => {
      const example: unknown = JSON.parse(await readFile(path.join(examples, `${name}.json`), 'utf8'));
      const { body } = (await cases[name]?.()) ?? {};
      expect(missing(example, body, name)).toEqual([]);
    });

    test('formats', async () => {
      const { body } = await call('GET', '/api/server/annotation/formats');
      const example = JSON.parse(await readFile(path.join(examples, 'formats.json'), 'utf8')) as { exporters: unknown };
      expect(missing(example.exporters, body.exporters, 'exporters')).toEqual([]);
      expect(body.importers).toEqual(body.exporters);
    });
  },
);

describe('errors have CVAT’s statuses and bodies', () => {
  // Recorded from CVAT 2.23.1, unless a comment says otherwise.
  const box = { type: 'rectangle', frame: 0, label_id: 1, points: [1, 2, 3, 4] };
  const put = (shapes: unknown) => call('PUT', `/api/tasks/${taskId}/annotations`, { shapes });

  test.each([
    ['unknown label', [{ ...box, label_id: 999 }], ['label_id `999` is invalid']],
    [
      'negative frame',
      [box, { ...box, frame: -1 }],
      { shapes: [{}, { frame: ['Ensure this value is greater than or equal to 0.'] }] },
    ],
    ['no label', [{ ...box, label_id: undefined }], { shapes: [{ label_id: ['This field is required.'] }] }],
    ['no type', [{ ...box, type: undefined }], { shapes: [{ type: ['This field is required.'] }] }],
    ['label by name', [{ ...box, label_id: 'car' }], { shapes: [{ label_id: ['A valid integer is required.'] }] }],
    [
      // CVAT answers 500 here.
      'long source',
      [{ ...box, source: 'x'.repeat(17) }],
      { shapes: [{ source: ['Ensure this field has no more than 16 characters.'] }] },
    ],
    [
      // CVAT stores this, and every later export of the task fails.
      'rectangle of three numbers',
      [{ ...box, points: [1, 2, 3] }],
      { shapes: [{ points: ['invalid length: a rectangle takes 4 numbers, got 3'] }] },
    ],
    [
      // CVAT words this by Python's internals; the place is the same.
      'points that are no numbers',
      [{ ...box, points: ['a', 2, 3, 4] }],
      { shapes: [{ points: { 0: ['A valid number is required.'] } }] },
    ],
  ])('annotations with %s are refused and the old ones kept', async (_, shapes, body) => {
    const before = (await call('GET', `/api/tasks/${taskId}/annotations`)).body as unknown;
    const answer = await put(shapes);
    expect([answer.status, answer.body]).toEqual([400, body]);
    expect((await call('GET', `/api/tasks/${taskId}/annotations`)).body).toEqual(before);
  });

  test.each([
    ['POST', '/api/tasks', { project_id: 1 }, 400, { name: ['This field is required.'] }],
    [
      'POST',
      '/api/tasks',
      { name: 'n'.repeat(257), project_id: 1 },
      400,
      { name: ['Ensure this field has no more than 256 characters.'] },
    ],
    ['POST', '/api/tasks', { name: 'lonely', project_id: 999999 }, 400, ['Project matching query does not exist.']],
    ['POST', '/api/tasks', { name: 'nolab' }, 400, ['Label set or project_id must be present']],
    ['POST', '/api/projects', { name: '' }, 400, { name: ['This field may not be blank.'] }],
    ['GET', '/api/projects/999999', undefined, 404, { detail: 'No Project matches the given query.' }],
    ['GET', '/api/projects/abc', undefined, 404, { detail: 'Not found.' }],
    ['GET', '/api/labels?project_id=1&page_size=2&page=3', undefined, 404, { detail: 'Invalid page.' }],
    [
      'GET',
      '/api/tasks?project_id=abc',
      undefined,
      400,
      { project_id: ['Select a valid choice. That choice is not one of the available choices.'] },
    ],
    [
      'GET',
      '/api/jobs?state=nonsense',
      undefined,
      400,
      { state: ['Select a valid choice. nonsense is not one of the available choices.'] },
    ],
    ['GET', '/api/requests/nonsense', undefined, 404, { detail: 'There is no request with specified id' }],
    ['GET', '/api/requests?task_id=999999', undefined, 200, { count: 0, next: null, previous: null, results: [] }],
    ['PATCH', '/api/jobs/1', { status: 'completed' }, 403, { detail: 'Attempted to update an unknown field' }],
    ['PATCH', '/api/jobs/1', { state: 'done' }, 400, { state: ['"done" is not a valid choice.'] }],
    ['PATCH', '/api/tasks/1/annotations?action=foo', {}, 400, ["Please specify a correct 'action' for the request"]],
    [
      'POST',
      '/api/tasks/1/dataset/export?format=CVAT%201.1',
      undefined,
      400,
      ['Unknown format specified for the request'],
    ],
    ['GET', '/api/projects?org_id=77', undefined, 404, { detail: '77 organization does not exist.' }],
  ])('%s %s with %j', async (method, url, body, status, expected) => {
    const answer = await call(method, url, body);
    expect([answer.status, answer.body]).toEqual([status, expected]);
  });

  test('a body that is no JSON, and one that is no form', async () => {
    const broken = await call('PUT', `/api/tasks/${taskId}/annotations`, '{oops');
    expect(broken.status).toBe(400);
    expect(broken.body.detail).toMatch(/^JSON parse error - /);
    const form = await call('POST', '/api/tasks', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(form.status).toBe(415);
  });

  test('boxes for a task without frames are refused instead of lost', async () => {
    // CVAT 2.23.1 answers 200 and stores nothing.
    const { body: task } = await call('POST', '/api/tasks', { name: 'early', project_id: projectId });
    expect((await call('PUT', `/api/tasks/${task.id}/annotations`, { shapes: [] })).status).toBe(400);
  });

  test('an upload that asks for what this server cannot do is told so', async () => {
    const { body: task } = await call('POST', '/api/tasks', { name: 'more', project_id: projectId });
    const data = `/api/tasks/${task.id}/data`;
    await call('POST', data, batch({ 'a.jpg': await jpeg(1) }), { 'upload-multiple': '' });
    for (const extra of [
      { frame_filter: 'step=2' },
      { sorting_method: 'random' },
      { remote_files: ['http://x/a.jpg'] },
    ]) {
      const answer = await call('POST', data, { image_quality: 70, ...extra }, { 'upload-finish': '' });
      expect([answer.status, Object.keys(answer.body as object)]).toEqual([400, Object.keys(extra)]);
    }
  });
});

test('long lists come in pages whose links lead to their neighbours', async () => {
  const { id } = await makeProject(call, 'paged');
  for (let index = 0; index < 12; index += 1) await call('POST', '/api/tasks', { name: `p${index}`, project_id: id });
  const first = (await call('GET', `/api/tasks?project_id=${id}`)).body;
  expect(first).toMatchObject({ count: 12, previous: null });
  // Ten to a page, newest first, the query sorted: as CVAT does.
  expect(first.results.map((one: { name: string }) => one.name)).toEqual(
    [...Array(10).keys()].map((n) => `p${11 - n}`),
  );
  expect(first.next).toBe(`${server.url}/api/tasks?page=2&project_id=${id}`);
  const second = (await call('GET', (first.next as string).slice(server.url.length))).body;
  expect(second.results.map((one: { name: string }) => one.name)).toEqual(['p1', 'p0']);
  expect(second).toMatchObject({ next: null, previous: `${server.url}/api/tasks?project_id=${id}` });
  const all = (await call('GET', `/api/tasks?project_id=${id}&page_size=all&sort=id`)).body;
  expect([all.results.length, all.results[0].name, all.next]).toEqual([12, 'p0', null]);
});
