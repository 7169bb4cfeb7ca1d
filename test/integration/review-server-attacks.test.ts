/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import {
  batch,
  clientOf,
  importOf,
  jpeg,
  login,
  makeProject,
  makeTask,
  settled,
  zipOf,
  type Client,
} from './review-server-client.js';

const password = 'correct horse battery';
let dataFolder: string;
let server: ReviewServer;
let call: Client;
let stranger: Client;
let projectId: number;
let taskId: number;
let labelIds: number[];

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-attacks-'));
  server = await startReviewServer({ dataFolder, password });
  call = clientOf(server);
  stranger = clientOf({ url: server.url });
  ({ id: projectId, labelIds } = await makeProject(call));
  taskId = await makeTask(call, projectId, { 'a.jpg': await jpeg(1) });
  await call('PUT', `/api/tasks/${taskId}/annotations`, { shapes: [box()] });
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

const box = () => ({ type: 'rectangle', frame: 0, label_id: labelIds[0], points: [1, 2, 3, 4] });

/** All that an attack could have changed: what the lists hold, the boxes, and the files. */
const state = async () => ({
  projects: (await call('GET', '/api/projects?page_size=all')).body.results,
  tasks: (await call('GET', '/api/tasks?page_size=all')).body.results,
  shapes: (await call('GET', `/api/tasks/${taskId}/annotations`)).body.shapes,
  tokens: (await call('GET', '/api/auth/access_tokens')).body.count,
  files: (await readdir(dataFolder, { recursive: true })).filter((name) => !/sqlite/.test(name)).sort(),
});

/** A raw request on a connection of its own, for headers that fetch does not let us set. */
const rawStatus = (method: string, url: string, headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) => {
    const request = http.request(server.url + url, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject).end();
  });

/** An archive with names that no honest program writes: ours refuses them, so they are put in afterwards. */
async function hostileZip(files: Record<string, string>, rename: Record<string, string> = {}): Promise<Buffer> {
  let bytes = (await zipOf(files)).toString('latin1');
  for (const [name, other] of Object.entries(rename)) bytes = bytes.replaceAll(name, other);
  return Buffer.from(bytes, 'latin1');
}

const change = { name: 'changed' };
/** A task that belongs to no project, so that no project changes with it. */
const lonely = { name: 'attack', labels: [{ name: 'thing' }] };
const task = () => `/api/tasks/${taskId}`;

/** How the server answers: a status, or how the work behind an answer of 202 has ended. */
type Outcome = number | undefined | RegExp;

/** Imports an archive into the task, or into its project, and tells the message of the failure. */
const imported = async (archive: Buffer, into: 'task' | 'project' = 'task') => {
  const url = into === 'task' ? `${task()}/annotations` : `/api/projects/${projectId}/dataset`;
  const { status, message } = await importOf(call, server, { url, format: 'YOLOv8 Detection 1.0', archive });
  return `${status}: ${message}`;
};

/** Makes a task of one file and tells how that ended; afterwards the task is removed. */
const createdFrom = async (name: string, content: Uint8Array) => {
  const { body } = await call('POST', '/api/tasks', lonely);
  const data = `/api/tasks/${body.id}/data`;
  const sent = await call('POST', data, batch({ [name]: content }), { 'upload-multiple': '' });
  try {
    if (sent.status !== 200) return sent.status;
    const finish = await call('POST', data, { image_quality: 70 }, { 'upload-finish': '' });
    const { status, message } = (await settled(call, finish.body.rq_id as string)).body;
    // What is no picture is not handed out either.
    for (const url of [`${data}?type=frame&number=0`, `/api/frameloop/tasks/${body.id}/thumbnails/0`]) {
      expect([400, 404]).toContain((await call('GET', url)).status);
    }
    return `${status}: ${message}`;
  } finally {
    await call('DELETE', `/api/tasks/${body.id}`);
  }
};

/** Sends a body without saying how long it is, until the server has had enough. */
const endless = (url: string, contentType: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const headers = { authorization: `Bearer ${server.token}`, 'content-type': contentType };
    const request = http.request(server.url + url, { method: 'POST', headers, agent: false }, (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
    const piece = Buffer.alloc(2 ** 20, ' ');
    const more = () => {
      while (!request.destroyed && request.write(piece));
    };
    request.on('drain', more).on('error', reject);
    more();
  });

/** A body that comes in drops, against a server whose patience is short. */
async function drops(): Promise<number> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'review-slow-'));
  const slow = await startReviewServer({ dataFolder: folder, requestTimeoutMs: 1000 });
  try {
    const { hostname, port, host } = new URL(slow.url);
    const socket = net.connect(Number(port), hostname);
    const head = ['POST /api/projects HTTP/1.1', `Host: ${host}`, `Authorization: Bearer ${slow.token}`];
    socket.write([...head, 'Content-Type: application/json', 'Content-Length: 100000', '', '{'].join('\r\n'));
    const drip = setInterval(() => socket.write(' '), 50);
    socket.once('close', () => clearInterval(drip)).on('error', () => undefined);
    const answer = await text(socket);
    expect((await clientOf(slow)('GET', '/api/projects')).body.count).toBe(0);
    return Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
  } finally {
    await slow.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const bearer = () => ({ authorization: `Bearer ${server.token}` });
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>';
const sql = `x' OR 1=1; DROP TABLE tasks; --`;
const inUrl = encodeURIComponent(sql);
const logic = (rule: object) => encodeURIComponent(JSON.stringify(rule));

/** Each kind of attack, and the ways in which it is tried. What is refused leaves everything as it was. */
const attacks: Record<string, Record<string, [Outcome, () => Promise<number | string | undefined>]>> = {
  'traversal in file names': {
    'a picture': [400, async () => createdFrom('../../evil.jpg', await jpeg(1))],
    'a picture, for Windows': [400, async () => createdFrom('..\\evil.jpg', await jpeg(1))],
    'a picture with no other name': [400, () => createdFrom('..', Buffer.from('x'))],
    'a picture sent by tus': [
      400,
      async () => {
        const metadata = `filename ${Buffer.from('../../..').toString('base64')}`;
        const headers = { 'tus-resumable': '1.0.0', 'upload-length': '1', 'upload-metadata': metadata };
        const { body } = await call('POST', '/api/tasks', lonely);
        const { status } = await call('POST', `/api/tasks/${body.id}/data`, '', headers);
        await call('DELETE', `/api/tasks/${body.id}`);
        return status;
      },
    ],
    'a file of the page': [401, () => rawStatus('GET', '/assets/..%2f..%2f..%2f..%2fetc%2fpasswd', {})],
    'a file of another upload': [404, () => rawStatus('PATCH', `${task()}/annotations/..%2f..%2ftoken`, bearer())],
    'a frame of the dataset': [
      404,
      () => rawStatus('GET', '/api/frameloop/dataset/frames/..%2f..%2f..%2ftoken/thumbnail', bearer()),
    ],
    'a result': [404, () => rawStatus('GET', `${task()}/dataset/download?rq_id=..%2f..%2ftoken`, bearer())],
    'a subset': [
      400,
      async () => (await call('POST', '/api/tasks', { name: 'x', project_id: projectId, subset: '../x' })).status,
    ],
    'a subset of a dataset, which would be a key of data.yaml': [
      /^failed: .*'names' cannot be the name of a subset/,
      async () => imported(await zipOf({ 'data.yaml': 'names: []', 'images/names/a.jpg': await jpeg(1) }), 'project'),
    ],
  },
  'traversal in zip entries': Object.fromEntries(
    (['task', 'project'] as const).flatMap((into) => [
      [
        `out of the folder, into a ${into}`,
        [
          /^failed: .*relative path/,
          async () =>
            imported(await hostileZip({ 'xx/yy/evil.txt': 'x' }, { 'xx/yy/evil.txt': '../../evil.txt' }), into),
        ],
      ],
      [
        `absolute, into a ${into}`,
        [
          /^failed: .*absolute path/,
          async () => imported(await hostileZip({ 'xetc/evil.txt': 'x' }, { 'xetc/evil.txt': '/etc/evil.txt' }), into),
        ],
      ],
    ]),
  ),
  'SVG or HTML as a picture': {
    SVG: [/^failed: .*cannot identify image file 'a\.jpg'/, () => createdFrom('a.jpg', Buffer.from(svg))],
    HTML: [/^failed: .*cannot identify/, () => createdFrom('a.png', Buffer.from(`<!doctype html><body>${svg}`))],
    'by its own name': [400, () => createdFrom('a.svg', Buffer.from(svg))],
    'in a dataset': [
      /^failed: .*cannot identify/,
      async () => imported(await hostileZip({ 'data.yaml': 'names: []', 'images/train/a.jpg': svg }), 'project'),
    ],
  },
  'a PNG of 100,000 x 100,000 pixels': {
    uploaded: [/^failed: .*pixel limit/, async () => createdFrom('bomb.png', await pngBomb())],
    'in a dataset': [
      /^failed: .*pixel limit/,
      async () => {
        const archive = await zipOf({ 'data.yaml': 'names: []', 'images/train/a.png': await pngBomb() });
        return imported(archive, 'project');
      },
    ],
  },
  'a body of 2 GB': {
    JSON: [
      413,
      () => {
        const length = { 'content-type': 'application/json', 'content-length': String(2 ** 31) };
        return rawStatus('PUT', `${task()}/annotations`, { ...bearer(), ...length });
      },
    ],
    'without its length': [413, () => endless('/api/projects', 'application/json')],
    labels: [
      413,
      async () => {
        const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(2 ** 31) };
        return (await call('POST', `${task()}/annotations`, '', headers)).status;
      },
    ],
    'a dataset': [
      413,
      async () => {
        const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(2 ** 31) };
        return (await call('POST', `/api/projects/${projectId}/dataset`, '', headers)).status;
      },
    ],
    pictures: [
      413,
      async () => {
        const { body } = await call('POST', '/api/tasks', lonely);
        const form = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(2 ** 31) };
        const url = `/api/tasks/${body.id}/data`;
        const status = await rawStatus('POST', url, { ...bearer(), ...form, 'upload-multiple': '' });
        await call('DELETE', `/api/tasks/${body.id}`);
        return status;
      },
    ],
  },
  'a slow body': { 'in drops': [408, drops] },
  'a foreign Host': {
    name: [403, () => rawStatus('DELETE', task(), { ...bearer(), host: 'evil.example' })],
    'a name that begins like ours': [
      403,
      () => rawStatus('DELETE', task(), { ...bearer(), host: '127.0.0.1.evil.example' }),
    ],
  },
  'a foreign Origin': {
    'another site': [403, async () => (await call('PATCH', task(), change, { origin: 'https://evil.example' })).status],
    'no site': [403, async () => (await call('PATCH', task(), change, { origin: 'null' })).status],
  },
  'a missing token': {
    none: [401, async () => (await stranger('PATCH', task(), change)).status],
    'a wrong one': [
      401,
      async () => (await stranger('PATCH', task(), change, { authorization: 'Bearer wrong' })).status,
    ],
    'a wrong password': [
      401,
      async () => {
        const authorization = `Basic ${Buffer.from('reviewer:wrong').toString('base64')}`;
        return (await stranger('PATCH', task(), change, { authorization })).status;
      },
    ],
  },
  'an expired token': {
    'an access token': [
      401,
      async () => {
        const past = new Date(Date.now() - 1000).toISOString();
        const made = { name: 'old', read_only: false, expiry_date: past };
        const { body } = await call('POST', '/api/auth/access_tokens', made);
        const authorization = `Bearer ${body.value}`;
        const { status } = await stranger('PATCH', task(), change, { authorization });
        await call('DELETE', `/api/auth/access_tokens/${body.id}`);
        return status;
      },
    ],
    'a session of the page': [
      401,
      async () =>
        (await stranger('PATCH', task(), change, { cookie: `frameloop-80=1000000000.${'x'.repeat(43)}` })).status,
    ],
  },
  CSRF: {
    'without the token': [
      403,
      async () =>
        (await stranger('PATCH', task(), change, { cookie: (await login(stranger, password)).cookie })).status,
    ],
    'with another token': [
      403,
      async () => {
        const headers = { cookie: (await login(stranger, password)).cookie, 'x-csrftoken': 'x'.repeat(43) };
        return (await stranger('PATCH', task(), change, headers)).status;
      },
    ],
    'from another site': [
      403,
      async () => {
        const { cookie, csrf } = await login(stranger, password);
        return rawStatus('DELETE', task(), { cookie, 'x-csrftoken': csrf, 'sec-fetch-site': 'cross-site' });
      },
    ],
  },
  'SQL metacharacters': {
    ...Object.fromEntries(
      ['projects?search=', 'projects?owner=', 'tasks?name=', 'tasks?search=', 'tasks?subset=', 'requests?format='].map(
        (url) => [
          `${url} finds nothing`,
          [/^200: 0$/, async () => found(`${url}${inUrl}`)] satisfies [Outcome, () => Promise<string>],
        ],
      ),
    ),
    'a value of a filter': [/^200: 0$/, () => found(`tasks?filter=${logic({ '==': [{ var: 'name' }, sql] })}`)],
    'a field of a filter': [/^400: /, () => found(`tasks?filter=${logic({ '==': [{ var: sql }, 1] })}`)],
    'an order': [/^400: /, () => found(`tasks?sort=${inUrl}`)],
    'a state': [/^400: /, () => found(`jobs?state=${inUrl}`)],
    'an id': [/^400: /, () => found(`jobs?task_id=${inUrl}`)],
    'a request': [/^404: /, () => found(`requests/${inUrl}`)],
  },
  'a symbolic link in an upload': Object.fromEntries(
    (['task', 'project'] as const).map((into) => [
      `into a ${into}`,
      [/^failed: .*symbolic link/, async () => imported(await zipOf({ 'data.yaml': '@/etc/passwd' }), into)],
    ]),
  ),
};

/** How a list was answered, and how much it holds. */
async function found(url: string): Promise<string> {
  const { status, body } = await call('GET', `/api/${url}`);
  return `${status}: ${body.count}`;
}

describe.each(Object.entries(attacks))('%s', (_, ways) => {
  test.each(Object.entries(ways))('%s', async (_name, [outcome, run]) => {
    const before = await state();
    const answer = await run();
    if (outcome instanceof RegExp) expect(answer).toMatch(outcome);
    else expect(answer).toBe(outcome);
    expect(await state()).toEqual(before);
  });
});

test('script in every name stays text: it comes back as it was, never as something a browser would run', async () => {
  const script = `"><img src=x onerror=alert(1)><script>alert(1)</script>`;
  const project = await call('POST', '/api/projects', { name: script, labels: [{ name: script.slice(0, 60) }] });
  expect(project.status).toBe(201);
  // A slash parts folders: what is left of the name is what stands behind it.
  const id = await makeTask(
    call,
    project.body.id as number,
    { '<img src=x onerror=alert(1)>.jpg': await jpeg(1) },
    {
      name: script,
      bug_tracker: script,
    },
  );
  const urls = ['/api/projects', '/api/tasks', `/api/labels?task_id=${id}`, `/api/tasks/${id}/data/meta`, `/api/jobs`];
  for (const url of urls) {
    const { headers, body } = await call('GET', url);
    expect(headers.get('content-type')).toMatch(/json/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(JSON.stringify(body)).toContain('onerror=alert(1)>');
  }
  // A subset becomes a folder of an archive.
  expect((await call('POST', '/api/tasks', { name: 'x', project_id: projectId, subset: '../<b>' })).status).toBe(400);
});

test('a body that does not come does not keep others waiting, and what is broken off has no effect', async () => {
  const { hostname, port } = new URL(server.url);
  const socket = net.connect(Number(port), hostname);
  const head = ['POST /api/projects HTTP/1.1', `Host: ${hostname}:${port}`, `Authorization: Bearer ${server.token}`];
  socket.write([...head, 'Content-Type: application/json', 'Content-Length: 1000', '', '{'].join('\r\n'));
  const projects = (await call('GET', '/api/projects')).body.count;
  for (let index = 0; index < 5; index += 1) expect((await call('GET', '/api/users/self')).status).toBe(200);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined).destroy();
  await closed;
  expect((await call('GET', '/api/projects')).body.count).toBe(projects);
});

/** A small file that says it has ten billion pixels. */
async function pngBomb(): Promise<Buffer> {
  const create = { width: 8, height: 8, channels: 3 as const, background: '#000' };
  const bomb = await sharp({ create }).png().toBuffer();
  bomb.writeUInt32BE(100_000, 16);
  bomb.writeUInt32BE(100_000, 20);
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  return bomb;
}

// The last: for a minute nobody can sign in with the password any more.
test('of 10,000 logins with guessed passwords ten are looked at', { timeout: 120_000 }, async () => {
  const { hostname, port, host } = new URL(server.url);
  const begun = performance.now();
  const socket = net.connect(Number(port), hostname);
  for (let number = 0; number < 10_000; number += 1) {
    const body = JSON.stringify({ username: 'reviewer', password: `guess ${number}` });
    const head = `POST /api/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n`;
    const last = number === 9999 ? 'Connection: close\r\n' : '';
    socket.write(`${head}${last}Content-Length: ${body.length}\r\n\r\n${body}`);
  }
  const answers = (await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g);
  const statuses = new Map<number, number>();
  for (const [, status] of answers) statuses.set(Number(status), (statuses.get(Number(status)) ?? 0) + 1);
  const looked = statuses.get(400) ?? 0;
  // Ten in each minute that it has taken; one wrong password of the table above still counts.
  expect(looked).toBeGreaterThan(0);
  expect(looked).toBeLessThanOrEqual(10 * (1 + Math.floor((performance.now() - begun) / 60_000)));
  expect(statuses.get(429)).toBe(10_000 - looked);
  // Whoever holds a token is not locked out.
  expect((await call('GET', '/api/users/self')).status).toBe(200);
});
