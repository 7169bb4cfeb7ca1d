/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { clientOf, login, makeProject, type Client } from './review-server-client.js';

const password = 'correct horse battery';
let dataFolder: string;
let server: ReviewServer;
let call: Client;
let stranger: Client;
let project: string;

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-access-'));
  server = await startReviewServer({ dataFolder, password });
  call = clientOf(server);
  stranger = clientOf({ url: server.url });
  project = `/api/projects/${(await makeProject(call)).id}`;
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
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
  expect((await stranger('POST', '/api/auth/login', { username: 'somebody', password })).status).toBe(400);
});

test('a read-only token reads and changes nothing; a token makes no tokens; one taken back is worth nothing', async () => {
  const made = (await call('POST', '/api/auth/access_tokens', { name: 'reader' })).body;
  const reader = clientOf({ url: server.url, token: made.value as string });
  expect((await reader('GET', '/api/tasks')).status).toBe(200);
  const refused = await reader('PATCH', project, { name: 'x' });
  expect([refused.status, refused.body]).toEqual([403, { detail: 'Access token is read only' }]);
  expect((await reader('GET', '/api/auth/access_tokens/self')).body).toMatchObject({ name: 'reader', read_only: true });
  const writer = (await call('POST', '/api/auth/access_tokens', { name: 'writer', read_only: false })).body;
  const writing = clientOf({ url: server.url, token: writer.value as string });
  expect((await writing('POST', '/api/auth/access_tokens', { name: 'more' })).status).toBe(403);
  const itself = `/api/auth/access_tokens/${writer.id}`;
  expect((await writing('PATCH', itself, { name: 'mine' })).status).toBe(403);
  expect((await writing('DELETE', `/api/auth/access_tokens/${made.id}`)).status).toBe(403);
  expect((await call('PATCH', itself, { read_only: true })).body).toMatchObject({ name: 'writer', read_only: true });
  expect((await writing('PATCH', project, { name: 'x' })).status).toBe(403);
  const past = new Date(Date.now() - 1000).toISOString();
  expect((await call('PATCH', itself, { expiry_date: past })).body).toMatchObject({
    expiry_date: past,
    read_only: true,
  });
  expect((await writing('GET', '/api/tasks')).status).toBe(401);
  expect((await call('PATCH', itself, { expiry_date: null, name: 'kept' })).body).toMatchObject({ expiry_date: null });
  expect((await call('GET', itself)).body).toMatchObject({ name: 'kept', read_only: true });
  expect((await writing('GET', '/api/tasks')).status).toBe(200);
  expect((await call('DELETE', itself)).status).toBe(204);
  expect((await call('GET', itself)).status).toBe(404);
  expect((await writing('GET', '/api/tasks')).status).toBe(401);
});

test('cookies of a login are kept from scripts and other sites', async () => {
  const { setCookie } = await login(stranger, password);
  expect(setCookie).toHaveLength(2);
  for (const cookie of setCookie) expect(cookie).toMatch(/; SameSite=Strict$/);
  expect(setCookie.find((one) => one.startsWith('sessionid='))).toMatch(/; HttpOnly;/);
});
