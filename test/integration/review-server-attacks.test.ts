/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { clientOf, jpeg, makeProject, makeTask, settled, type Client } from './review-server-client.js';

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

/** A raw request, for headers that fetch does not let us set. */
const rawStatus = (method: string, url: string, headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) => {
    const request = http.request(server.url + url, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject).end();
  });

/** A session that began with the password, as a browser or the official client holds it. */
async function login() {
  const { headers, body } = await stranger('POST', '/api/auth/login', { username: 'reviewer', password });
  const cookies = headers.getSetCookie().map((one) => one.split(';')[0] ?? '');
  const csrf = cookies.find((one) => one.startsWith('csrftoken='))?.slice('csrftoken='.length) ?? '';
  return { key: body.key as string, cookie: cookies.join('; '), csrf, setCookie: headers.getSetCookie() };
}

/** A zip whose entries are written with names and kinds that no honest program would choose. */
async function zipOf(entries: Record<string, { text: string; mode?: number; rename?: string }>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, { text, mode = 0o100644 }] of Object.entries(entries)) {
    zip.addBuffer(Buffer.from(text), name, { mode, compress: false });
  }
  zip.end();
  let bytes = (await buffer(zip.outputStream)).toString('latin1');
  // The writer refuses such names, so they are put in afterwards, with others of the same length.
  for (const [name, { rename = name }] of Object.entries(entries)) bytes = bytes.replaceAll(name, rename);
  return Buffer.from(bytes, 'latin1');
}

/** Imports an archive as the official client does, and returns how it ended. */
async function importOf(archive: Buffer) {
  const url = `/api/tasks/${taskId}/annotations`;
  const tus = { 'tus-resumable': '1.0.0' };
  const created = await call('POST', url, '', { ...tus, 'upload-length': String(archive.length) });
  const file = created.headers.get('upload-filename') ?? '';
  const sent = await fetch(created.headers.get('location') ?? '', {
    method: 'PATCH',
    body: new Uint8Array(archive),
    headers: {
      authorization: `Bearer ${server.token}`,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': '0',
    },
  });
  expect(sent.status).toBe(204);
  const query = new URLSearchParams({ format: 'YOLOv8 Detection 1.0', filename: file }).toString();
  const finish = await call('POST', `${url}?${query}`, '', { 'upload-finish': '' });
  expect(finish.status).toBe(202);
  return (await settled(call, finish.body.rq_id as string)).body as { status: string; message: string };
}

describe('attacks are refused with the right status and change nothing', () => {
  const change = { name: 'changed' };
  const task = () => `/api/tasks/${taskId}`;
  const expired = async () => {
    const past = new Date(Date.now() - 1000).toISOString();
    return (await call('POST', '/api/auth/access_tokens', { name: 'old', read_only: false, expiry_date: past })).body
      .value as string;
  };

  const attacks: Record<string, { status: number; run: () => Promise<number | undefined> }> = {
    'no token': { status: 401, run: async () => (await stranger('PATCH', task(), change)).status },
    'a wrong token': {
      status: 401,
      run: async () => (await stranger('PATCH', task(), change, { authorization: 'Bearer wrong' })).status,
    },
    'a token whose time is over': {
      status: 401,
      run: async () => {
        const authorization = `Bearer ${await expired()}`;
        return (await stranger('PATCH', task(), change, { authorization })).status;
      },
    },
    'a wrong password': {
      status: 401,
      run: async () => {
        const authorization = `Basic ${Buffer.from('reviewer:wrong').toString('base64')}`;
        return (await stranger('PATCH', task(), change, { authorization })).status;
      },
    },
    'a session without its CSRF token': {
      status: 403,
      run: async () => (await stranger('PATCH', task(), change, { cookie: (await login()).cookie })).status,
    },
    'a session with another CSRF token': {
      status: 403,
      run: async () =>
        (await stranger('PATCH', task(), change, { cookie: (await login()).cookie, 'x-csrftoken': 'x'.repeat(43) }))
          .status,
    },
    'a session, sent by another site': {
      status: 403,
      run: async () => {
        const { cookie, csrf } = await login();
        const headers = { cookie, 'x-csrftoken': csrf, 'sec-fetch-site': 'cross-site' };
        return rawStatus('DELETE', task(), headers);
      },
    },
    'a foreign Origin': {
      status: 403,
      run: async () => (await call('PATCH', task(), change, { origin: 'https://evil.example' })).status,
    },
    'a foreign Host': {
      status: 403,
      run: () => rawStatus('DELETE', task(), { host: 'evil.example', authorization: `Bearer ${server.token}` }),
    },
    'a body of 2 GB': {
      status: 413,
      run: () =>
        rawStatus('PUT', `${task()}/annotations`, {
          authorization: `Bearer ${server.token}`,
          'content-type': 'application/json',
          'content-length': String(2 * 2 ** 30),
        }),
    },
    'an upload of 2 GB': {
      status: 413,
      run: async () =>
        (
          await call('POST', `${task()}/annotations`, '', {
            'tus-resumable': '1.0.0',
            'upload-length': String(2 ** 31),
          })
        ).status,
    },
    'a path that leads out of the page': {
      status: 401,
      run: () => rawStatus('GET', '/assets/..%2f..%2f..%2f..%2fetc%2fpasswd', {}),
    },
    'a path that leads to another upload': {
      status: 404,
      run: () =>
        rawStatus('PATCH', `${task()}/annotations/..%2f..%2ftoken`, { authorization: `Bearer ${server.token}` }),
    },
  };

  let before: Awaited<ReturnType<typeof state>>;
  beforeEach(async () => {
    before = await state();
  });

  test.each(Object.entries(attacks))('%s', async (name, { status, run }) => {
    expect(await run()).toBe(status);
    const tokens = before.tokens + (name === 'a token whose time is over' ? 1 : 0);
    expect(await state()).toEqual({ ...before, tokens });
  });

  test.each<[string, Parameters<typeof zipOf>[0], RegExp]>([
    ['leads out of its folder', { 'xx/yy/evil.txt': { text: 'x', rename: '../../evil.txt' } }, /relative path/],
    ['is absolute', { 'xetc/evil.txt': { text: 'x', rename: '/etc/evil.txt' } }, /absolute path/],
    ['is a symbolic link', { 'data.yaml': { text: '/etc/passwd', mode: 0o120777 } }, /symbolic link/],
  ])('an archive with an entry that %s', async (_, entries, message) => {
    const request = await importOf(await zipOf(entries));
    expect(request.status).toBe('failed');
    expect(request.message).toMatch(message);
    expect(await state()).toEqual(before);
  });

  test('SQL in every parameter is text', async () => {
    const sql = `x' OR 1=1; DROP TABLE tasks; --`;
    const enc = encodeURIComponent(sql);
    for (const url of [
      'projects?search=',
      'projects?name=',
      'tasks?name=',
      'tasks?search=',
      'tasks?subset=',
      'requests?format=',
    ]) {
      const { status, body } = await call('GET', `/api/${url}${enc}`);
      expect([url, status, body.count]).toEqual([url, 200, 0]);
    }
    const filter = encodeURIComponent(JSON.stringify({ '==': [{ var: 'name' }, sql] }));
    expect((await call('GET', `/api/tasks?filter=${filter}`)).body.count).toBe(0);
    const asName = encodeURIComponent(JSON.stringify({ '==': [{ var: sql }, 1] }));
    for (const url of [`tasks?filter=${asName}`, `tasks?sort=${enc}`, `jobs?state=${enc}`, `jobs?task_id=${enc}`]) {
      expect([url, (await call('GET', `/api/${url}`)).status]).toEqual([url, 400]);
    }
    expect((await call('GET', `/api/requests/${enc}`)).status).toBe(404);
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

test('of the password only a hash is kept, for this user alone', async () => {
  const file = path.join(dataFolder, 'password');
  const hash = await readFile(file, 'utf8');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(hash).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}\n$/);
  for (const name of await readdir(dataFolder)) {
    const info = await stat(path.join(dataFolder, name));
    if (info.isFile()) expect((await readFile(path.join(dataFolder, name))).includes(password)).toBe(false);
  }
});

test('a read-only token reads and changes nothing; a token makes no tokens; one taken back is worth nothing', async () => {
  const made = (await call('POST', '/api/auth/access_tokens', { name: 'reader' })).body;
  const reader = clientOf({ url: server.url, token: made.value as string });
  expect((await reader('GET', '/api/tasks')).status).toBe(200);
  const refused = await reader('PATCH', `/api/tasks/${taskId}`, { name: 'x' });
  expect([refused.status, refused.body]).toEqual([403, { detail: 'Access token is read only' }]);
  expect((await reader('GET', '/api/auth/access_tokens/self')).body).toMatchObject({ name: 'reader', read_only: true });
  const writer = (await call('POST', '/api/auth/access_tokens', { name: 'writer', read_only: false })).body;
  const writing = clientOf({ url: server.url, token: writer.value as string });
  expect((await writing('POST', '/api/auth/access_tokens', { name: 'more' })).status).toBe(403);
  expect((await call('DELETE', `/api/auth/access_tokens/${writer.id}`)).status).toBe(204);
  expect((await writing('GET', '/api/tasks')).status).toBe(401);
});

test('cookies of a login are kept from scripts and other sites', async () => {
  const { setCookie } = await login();
  expect(setCookie).toHaveLength(2);
  for (const cookie of setCookie) expect(cookie).toMatch(/; SameSite=Strict$/);
  expect(setCookie.find((one) => one.startsWith('sessionid='))).toMatch(/; HttpOnly;/);
});

// The last: for a minute nobody can sign in with the password any more.
test('of 10,000 logins with guessed passwords ten are looked at', { timeout: 120_000 }, async () => {
  const { hostname, port, host } = new URL(server.url);
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
  // One wrong password of the table above still counts.
  expect(looked).toBeGreaterThan(0);
  expect(looked).toBeLessThanOrEqual(10);
  expect(statuses.get(429)).toBe(10_000 - looked);
  const { status, headers } = await stranger('POST', '/api/auth/login', { username: 'reviewer', password: 'guess' });
  expect(status).toBe(429);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  // Whoever holds a token is not locked out.
  expect((await call('GET', '/api/users/self')).status).toBe(200);
});
