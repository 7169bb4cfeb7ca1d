import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finishUpload } from '../../../src/annotation/cvat/creation.js';
import {
  checkServer,
  createCvatClient,
  exportLabels,
  readTaskProgress,
  type CvatConnection,
} from '../../../src/annotation/index.js';
import { exchange, recorded, recordsAreThere, wireBody } from './recorded.js';

/** A server that answers each request by the next of these, and keeps what it was sent. */
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];
let seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[];
let server: Server;
let host: string;

const reply =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/vnd.cvat+json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
const reset = (request: IncomingMessage) => request.socket.resetAndDestroy();

beforeEach(async () => {
  answers = [];
  seen = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      (answers.shift() ?? reply(599, 'no more answers'))(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const client = (connection: Partial<CvatConnection> = { token: 'planted-token' }) =>
  createCvatClient({ host, ...connection }, { retryDelayMs: 1, pollMs: 1, responseTimeoutMs: 2000 });

describe('what is sent', () => {
  it('names the token, takes CVAT’s own type, and has no cookies', async () => {
    answers = [reply(200, { id: 7 }, { 'set-cookie': 'sessionid=x' }), reply(200, { id: 7 })];
    const cvat = client();
    expect(await cvat.json('GET', '/api/jobs/7', { query: { a: 'b c', b: undefined, c: true } })).toEqual({ id: 7 });
    await cvat.json('GET', '/api/jobs/7');
    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: '/api/jobs/7?a=b+c&c=true',
      headers: { authorization: 'Bearer planted-token', accept: 'application/vnd.cvat+json, */*' },
    });
    expect(seen[1]!.headers.cookie).toBeUndefined();
  });

  it('has a known length, never chunks: CVAT reads chunked bodies as empty', async () => {
    answers = [reply(201, {}), reply(202, '')];
    await client().json('POST', '/api/tasks', { body: { name: 'é' } });
    expect(await client().json('POST', '/api/tasks/1/data/', { headers: { 'upload-start': 'true' } })).toBeUndefined();
    expect(seen[0]).toMatchObject({ body: '{"name":"é"}', headers: { 'content-length': '13' } });
    for (const { headers } of seen) expect(headers['transfer-encoding']).toBeUndefined();
    expect(seen[0]!.headers['content-type']).toBe('application/json');
  });

  it('a path prefix of the host is kept', async () => {
    answers = [reply(200, {})];
    await createCvatClient({ host: `${host}/cvat/` }).json('GET', '/api/users/self');
    expect(seen[0]!.url).toBe('/cvat/api/users/self');
    expect(seen[0]!.headers.authorization).toBeUndefined();
  });
});

describe('what is repeated', () => {
  it.each([
    ['502', reply(502, '')],
    ['503', reply(503, '')],
    ['504', reply(504, '')],
    ['429 with Retry-After', reply(429, { detail: 'throttled' }, { 'retry-after': '0' })],
    ['a reset connection', reset],
  ])('GET, PUT, DELETE after %s', async (_case, fault) => {
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      answers = [fault, fault, reply(200, { ok: true })];
      expect(await client().json(method, '/api/x', method === 'PUT' ? { body: {} } : {})).toEqual({ ok: true });
    }
    expect(seen).toHaveLength(9);
  });

  it.each([
    ['503', reply(503, '')],
    ['a reset connection', reset],
  ])('never a POST after %s: the server may have acted', async (_case, fault) => {
    answers = [fault, reply(200, {})];
    await expect(client().json('POST', '/api/tasks', { body: {} })).rejects.toMatchObject({
      retryable: true,
      mayHaveActed: true,
    });
    expect(seen).toHaveLength(1);
  });

  it('gives up after three repetitions, with the reason', async () => {
    answers = Array.from({ length: 9 }, () => reply(503, ''));
    await expect(client().json('GET', '/api/x')).rejects.toMatchObject({ code: 'CVAT_UNAVAILABLE', retryable: true });
    expect(seen).toHaveLength(4);
  });

  it('a long Retry-After is handed on instead of waited for', async () => {
    answers = [reply(429, { detail: 'Request was throttled.' }, { 'retry-after': '120' })];
    await expect(client().json('GET', '/api/x')).rejects.toMatchObject({
      code: 'CVAT_THROTTLED',
      retryAfterMs: 120_000,
    });
    expect(seen).toHaveLength(1);
  });

  it.each([400, 401, 403, 404, 409, 500])('not after %i', async (status) => {
    answers = [reply(status, { detail: 'no' })];
    await expect(client().json('GET', '/api/x')).rejects.toMatchObject({
      status,
      message: expect.stringContaining('no') as string,
    });
    expect(seen).toHaveLength(1);
  });
});

describe('answers that are none', () => {
  it('a web page: this is no CVAT API', async () => {
    answers = [reply(200, '<!doctype html><title>Login</title>')];
    await expect(client().json('GET', '/api/x')).rejects.toMatchObject({ code: 'CVAT_NOT_CVAT', retryable: false });
  });

  it('half a JSON document: worth another try', async () => {
    answers = [reply(200, '{"id":')];
    await expect(client().json('GET', '/api/x')).rejects.toMatchObject({ code: 'CVAT_ANSWER_BROKEN', retryable: true });
  });

  it('a redirect: says where to, and does not turn a POST into a GET', async () => {
    answers = [reply(301, '', { location: 'https://cvat.example/api/tasks' })];
    await expect(client().json('POST', '/api/tasks', { body: {} })).rejects.toMatchObject({
      code: 'CVAT_REDIRECTED',
      hint: expect.stringContaining('https://cvat.example') as string,
    });
  });

  it('nobody listens: unreachable, and surely nothing was done', async () => {
    const gone = createCvatClient({ host: 'http://127.0.0.1:1' }, { retryDelayMs: 1 });
    await expect(gone.json('POST', '/api/tasks', { body: {} })).rejects.toMatchObject({
      code: 'CVAT_UNREACHABLE',
      retryable: true,
      mayHaveActed: false,
    });
  });

  it('silence: given up after the time limit', async () => {
    answers = [() => undefined];
    const impatient = createCvatClient({ host }, { responseTimeoutMs: 50, retries: 0 });
    await expect(impatient.json('GET', '/api/x')).rejects.toMatchObject({ code: 'CVAT_UNREACHABLE', retryable: true });
  });

  it('an abort throws the signal’s own reason, at once', async () => {
    const controller = new AbortController();
    answers = [() => controller.abort(new Error('cancelled by the round'))];
    await expect(client().json('GET', '/api/x', { signal: controller.signal })).rejects.toThrow(
      'cancelled by the round',
    );
    await expect(client().json('GET', '/api/x', { signal: controller.signal })).rejects.toThrow(
      'cancelled by the round',
    );
    expect(seen).toHaveLength(1);
  });
});

describe('lists', () => {
  it('are read to the end, whatever host the server thinks it has', async () => {
    answers = [
      reply(200, { count: 3, next: 'http://internal:8080/api/jobs?page=2', results: [1, 2] }),
      reply(200, { count: 3, next: null, results: [3] }),
    ];
    expect(await client().list('/api/jobs', { task_id: 7 })).toEqual([1, 2, 3]);
    expect(seen.map(({ url }) => url)).toEqual([
      '/api/jobs?task_id=7&page=1&page_size=all',
      '/api/jobs?task_id=7&page=2&page_size=all',
    ]);
  });

  it('that shrink while they are read end where they end', async () => {
    answers = [reply(200, { next: 'x', results: [1] }), reply(404, { detail: 'Invalid page.' })];
    expect(await client().list('/api/jobs')).toEqual([1]);
  });

  it.skipIf(!recordsAreThere)('a recorded list of requests', async () => {
    const list = recorded('13_errors_expiry_token').find(({ note }) => note === 'list of failed requests')!;
    answers = [reply(200, wireBody(list)), reply(404, { detail: 'Invalid page.' })];
    const requests = await client().list<{ status: string }>('/api/requests', { status: 'failed' });
    expect(requests.map(({ status }) => status)).toEqual(['failed', 'failed']);
  });
});

describe('how far people are', () => {
  const page = (results: object[]) => reply(200, { count: results.length, next: null, previous: null, results });
  const job = (id: number, type: string | undefined, state: string) => ({
    ...{ id, type, state, stage: 'annotation', start_frame: id, stop_frame: id, updated_date: '2026-01-01' },
  });

  it('is told by the annotation jobs alone: ground truth jobs and replicas do not count', async () => {
    // `consensus_replica` is what versions before 2.80 call a replica.
    const others = ['ground_truth', 'consensus_replica', 'replica'].map((type, n) => job(10 + n, type, 'new'));
    answers = [
      reply(200, { id: 7 }),
      page([...others, job(1, 'annotation', 'completed'), job(2, undefined, 'completed')]),
    ];
    expect(await readTaskProgress(client(), 7, 'jobs_completed')).toMatchObject({
      ...{ state: 'complete', jobsDone: 2, jobsTotal: 2 },
    });
    answers = [reply(200, { id: 7 }), page(others.map((each) => ({ ...each, state: 'completed' })))];
    expect(await readTaskProgress(client(), 7, 'jobs_completed')).toMatchObject({ state: 'open', jobsTotal: 0 });
  });

  it.each([400, 404])('a task that is deleted between two questions (%i) is told as deleted', async (status) => {
    answers = [reply(200, { id: 7 }), reply(status, {}), reply(404, { detail: 'Not found.' })];
    expect((await readTaskProgress(client(), 7, 'jobs_completed')).state).toBe('deleted');
  });
});

describe('downloads', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'frameloop-download-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('are there as a whole', async () => {
    answers = [reply(200, 'PK…', { 'content-type': 'application/zip' })];
    await client().download('/api/x?y=1', path.join(folder, 'sub', 'labels.zip'));
    expect(await readFile(path.join(folder, 'sub', 'labels.zip'), 'utf8')).toBe('PK…');
    expect(seen[0]).toMatchObject({ url: '/api/x?y=1', headers: { authorization: 'Bearer planted-token' } });
  });

  it.each([
    [
      'cut off',
      (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('PK');
        setImmediate(() => response.destroy());
      },
      'CVAT_UNREACHABLE',
    ],
    ['refused', reply(400, 'Unknown export request id.'), 'CVAT_REJECTED'],
  ])('%s: an error and no file', async (_case, answer, code) => {
    answers = [answer];
    await expect(client().download('/api/x', path.join(folder, 'labels.zip'))).rejects.toMatchObject({ code });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('an export', () => {
  const zip = (request: IncomingMessage, response: ServerResponse) =>
    reply(200, 'PK', { 'content-type': 'application/zip' })(request, response);
  const cutOff = (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('PK');
    setImmediate(() => response.destroy());
  };
  const formats = reply(200, { exporters: [{ name: 'YOLOv8 Detection 1.0', enabled: true, dimension: '2d' }] });
  const started = reply(202, { rq_id: 'export:task-4@0' });
  const finished = reply(200, { id: 'x', status: 'finished', result_url: 'http://internal/api/tasks/4/result?a=b+c' });

  it('is made anew when its download broke, because a result can be fetched once only', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-export-'));
    const task = reply(200, { id: 4, name: 'x', updated_date: '2026-11-25T03:00:00Z' });
    answers = [formats, task, started, finished, cutOff, reply(409, 'Export request is being processed'), started];
    answers.push(reply(200, { id: 'x', status: 'queued' }), finished, zip, task);
    const toFile = path.join(folder, 'labels.zip');
    const request = { format: 'Ultralytics YOLO Detection 1.0', toFile };
    expect(await exportLabels(client(), 4, request)).toEqual({ format: 'YOLOv8 Detection 1.0', file: toFile });
    expect(await readFile(toFile, 'utf8')).toBe('PK');
    expect(seen.map(({ method, url }) => `${method} ${url}`).slice(2, 5)).toEqual([
      'POST /api/tasks/4/dataset/export?format=YOLOv8+Detection+1.0&save_images=false&location=local',
      'GET /api/requests/export%3Atask-4%400',
      'GET /api/tasks/4/result?a=b+c',
    ]);
    await rm(folder, { recursive: true });
  });

  it('is made anew when the task was changed before its file had arrived: 2.23 gives the old content', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-export-'));
    const taskAt = (updated_date: string) => reply(200, { id: 4, name: 'x', updated_date });
    const stale = reply(200, 'old', { 'content-type': 'application/zip' });
    answers = [formats, taskAt('03:00'), started, finished, stale, taskAt('03:01')];
    answers.push(taskAt('03:01'), started, finished, zip, taskAt('03:01'));
    const toFile = path.join(folder, 'labels.zip');
    await exportLabels(client(), 4, { format: 'YOLOv8 Detection 1.0', toFile });
    expect(await readFile(toFile, 'utf8')).toBe('PK');

    answers = [formats];
    for (const minute of ['01', '02', '03']) {
      answers.push(taskAt(minute), started, finished, stale, taskAt(`${minute}+`));
    }
    const always = exportLabels(client(), 4, { format: 'YOLOv8 Detection 1.0', toFile });
    await expect(always).rejects.toMatchObject({ code: 'CVAT_EXPORT_STALE', retryable: true });
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('that failed says why', async () => {
    const task = reply(200, { id: 4, name: 'x' });
    answers = [
      formats,
      task,
      started,
      reply(200, { id: 'x', status: 'failed', message: 'ValueError: not enough values\n' }),
    ];
    await expect(
      exportLabels(client(), 4, { format: 'YOLOv8 Detection 1.0', toFile: '/nowhere' }),
    ).rejects.toMatchObject({
      code: 'CVAT_EXPORT_FAILED',
      message: expect.stringContaining('ValueError: not enough values') as string,
    });
  });
});

describe('the finish of an upload', () => {
  const requests = reply(200, { count: 1, next: null, results: [{ id: 'create:task-7', status: 'queued' }] });
  const none = reply(200, { count: 0, next: null, results: [] });
  const posts = () => seen.filter(({ method }) => method === 'POST').length;

  it.each([
    ['a lost answer', reset],
    ['504', reply(504, '')],
    ['409 without an id', reply(409, 'busy')],
  ])('is not repeated after %s if the server is at it: old ones would make the task twice', async (_case, fault) => {
    answers = [fault, requests];
    expect(await finishUpload(client(), 7, { image_quality: 95 })).toBe('create:task-7');
    expect(posts()).toBe(1);
  });

  it('is known to be through when the server takes no more data and the task has frames', async () => {
    answers = [reply(400, '"Adding more data is not supported"'), none, reply(200, { id: 7, name: 'x', size: 3 })];
    expect(await finishUpload(client(), 7, { image_quality: 95 })).toBeUndefined();
    expect(posts()).toBe(1);
  });

  it('is sent again only after several looks found nothing', async () => {
    const empty = reply(200, { id: 7, name: 'x', size: 0 });
    answers = [reset, none, empty, none, empty, none, empty, reply(202, { rq_id: 'create:task-7' })];
    expect(await finishUpload(client(), 7, { image_quality: 95 })).toBe('create:task-7');
    expect(posts()).toBe(2);
  });
});

describe('the preflight', () => {
  const about = reply(200, { version: '2.80.0' });

  it('says who we are and what the server can write', async () => {
    const exporters = [
      { name: 'YOLO 1.1', enabled: true, dimension: '2d' },
      { name: 'Off 1.0', enabled: false, dimension: '2d' },
      { name: 'Kitti 3D', enabled: true, dimension: '3d' },
    ];
    answers = [about, reply(200, { username: 'ann' }), reply(200, { importers: [], exporters })];
    expect(await checkServer(client())).toEqual({
      version: '2.80.0',
      user: 'ann',
      formats: { exports: ['YOLO 1.1'], imports: [] },
    });
    expect(seen[0]!.headers.authorization).toBeUndefined();
  });

  it.each([
    ['an old server', [reply(200, { version: '2.11.0' })], 'CVAT_TOO_OLD'],
    ['no CVAT at all', [reply(404, '<html><h1>Not Found</h1></html>')], 'CVAT_NOT_CVAT'],
    ['a wrong token', [about, reply(401, { detail: 'Invalid token.' })], 'CVAT_AUTH'],
    ['an account without rights', [about, reply(403, { detail: 'You do not have permission' })], 'CVAT_FORBIDDEN'],
  ])('%s', async (_case, given, code) => {
    answers = [...given];
    await expect(checkServer(client())).rejects.toMatchObject({ code, retryable: false });
  });

  it('a token for a server that knows none: says so', async () => {
    answers = [
      reply(200, { version: '2.23.1' }),
      reply(401, { detail: 'Authentication credentials were not provided.' }),
    ];
    await expect(checkServer(client())).rejects.toMatchObject({
      code: 'CVAT_AUTH',
      hint: expect.stringContaining('CVAT_PASSWORD') as string,
    });
  });

  it.skipIf(!recordsAreThere)('a recorded wrong token', async () => {
    const refused = exchange(
      '13_errors_expiry_token',
      'token used before another client of the same user called POST /api/auth/logout',
    );
    answers = [about, reply(refused.response.status, wireBody(refused))];
    await expect(checkServer(client())).rejects.toMatchObject({
      code: 'CVAT_AUTH',
      message: expect.stringContaining('Invalid token.') as string,
    });
  });
});

describe('secrets', () => {
  const TOKEN = 'planted-token';
  const PASSWORD = 'planted-password';
  const BASIC = Buffer.from(`ann:${PASSWORD}`).toString('base64');
  const faults: [string, (request: IncomingMessage, response: ServerResponse) => void][] = [
    ['a refusal that repeats them', reply(401, { detail: `no ${TOKEN} ${PASSWORD} ${BASIC}` })],
    ['a reset connection', reset],
    ['half an answer', reply(200, '{')],
    ['a page', reply(200, '<html>')],
    ['a redirect', reply(302, '', { location: 'http://elsewhere/' })],
    ['silence', () => undefined],
  ];

  it.each(faults)('are in no error, however deep one looks: %s', async (_case, fault) => {
    for (const { secrets, ...connection } of [
      { token: TOKEN, secrets: [TOKEN] },
      { user: 'ann', password: PASSWORD, secrets: [PASSWORD, BASIC] },
    ]) {
      answers = [fault];
      const cvat = createCvatClient({ host, ...connection }, { retries: 0, responseTimeoutMs: 50 });
      const thrown: unknown = await cvat.json('POST', '/api/x', { body: {} }).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(Error);
      const all = [
        inspect(thrown, { depth: Infinity, showHidden: true, getters: true }),
        JSON.stringify(thrown),
        (thrown as Error).stack,
        inspect(cvat, { depth: Infinity }),
        JSON.stringify(cvat),
      ].join('\n');
      for (const secret of secrets) expect(all).not.toContain(secret);
    }
  });
});
