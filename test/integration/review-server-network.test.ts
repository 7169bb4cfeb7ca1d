import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';

const password = 'correct horse battery';
const name = 'desk.example';
const folders: string[] = [];
/** One as it stands behind a proxy, one that listens for others itself, and one that only knows this machine. */
let proxied: ReviewServer;
let open: ReviewServer;
let alone: ReviewServer;

beforeAll(async () => {
  const start = async (options: { host?: string; publicNames?: string[]; requestTimeoutMs?: number }) => {
    const dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-network-'));
    folders.push(dataFolder);
    return startReviewServer({ dataFolder, password, ...options });
  };
  proxied = await start({ publicNames: [name] });
  // No address that is treated as this machine's own, though nobody else can reach it.
  open = await start({ host: '127.0.0.2', publicNames: [name, '2001:db8::1'] });
  alone = await start({ requestTimeoutMs: 1000 });
});

afterAll(async () => {
  await proxied.close();
  await open.close();
  await alone.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A request as a proxy passes it on; fetch does not let us set Host. */
const request = (server: ReviewServer, method: string, url: string, headers: Record<string, string>, body?: object) =>
  new Promise<{ status: number | undefined; headers: http.IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = http.request(server.url + url, { method, headers: { ...json, ...headers } }, (response) => {
      const { statusCode: status, headers: received } = response;
      text(response).then((answer) => resolve({ status, headers: received, body: answer }), reject);
    });
    sent.on('error', reject).end(body && JSON.stringify(body));
  });

describe('behind a proxy with TLS', () => {
  const https = { host: name, 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.1' };

  test('addresses in answers begin with https, as the client has asked', async () => {
    const bearer = { authorization: `Bearer ${proxied.token}` };
    const self = async (headers: Record<string, string>) =>
      (
        JSON.parse((await request(proxied, 'GET', '/api/users/self', { ...bearer, ...headers })).body) as {
          url: string;
        }
      ).url;
    expect(await self(https)).toBe(`https://${name}/api/users/1`);
    expect(await self({ host: name })).toBe(`http://${name}/api/users/1`);
    expect(await self({ host: name, 'x-forwarded-proto': 'javascript' })).toBe(`http://${name}/api/users/1`);
  });

  test('cookies are for TLS only, and the session that they carry may change something', async () => {
    const login = await request(proxied, 'POST', '/api/auth/login', https, { username: 'reviewer', password });
    const cookies = login.headers['set-cookie'] ?? [];
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) expect(cookie).toMatch(/; Secure; .*SameSite=Strict$/);
    const page = await request(proxied, 'GET', `/?token=${proxied.token}`, https);
    expect(page.headers['set-cookie']?.[0]).toMatch(/; Secure; /);
    const pairs = cookies.map((cookie) => cookie.split(';')[0] ?? '');
    const csrf = pairs.find((pair) => pair.startsWith('csrftoken='))?.slice('csrftoken='.length) ?? '';
    const session = { cookie: pairs.join('; '), 'x-csrftoken': csrf, origin: `https://${name}` };
    const made = await request(proxied, 'POST', '/api/projects', { ...https, ...session }, { name: 'by session' });
    expect(made.status).toBe(201);
  });

  test('who guesses passwords shuts out nobody but himself', async () => {
    const guess = async (from: string) => {
      const headers = { ...https, 'x-forwarded-for': from };
      const body = { username: 'reviewer', password: 'guess' };
      return (await request(proxied, 'POST', '/api/auth/login', headers, body)).status;
    };
    for (let turn = 0; turn < 10; turn += 1) expect(await guess('203.0.113.7')).toBe(400);
    expect(await guess('203.0.113.7')).toBe(429);
    // The last address is the proxy's own word; what stands before it is the client's.
    expect(await guess('203.0.113.8, 203.0.113.7')).toBe(429);
    expect(await guess('203.0.113.8')).toBe(400);
  });
});

test('each server says where people on other machines find it', async () => {
  const said = await Promise.all(
    folders.map(async (folder) => {
      const connection = await readFile(path.join(folder, 'connection.json'), 'utf8');
      return (JSON.parse(connection) as { publicUrls: string[] }).publicUrls;
    }),
  );
  const { port } = new URL(open.url);
  expect(said).toEqual([[`https://${name}`], [`http://${name}:${port}`, `http://[2001:db8::1]:${port}`], []]);
  const headers = { host: `${name}:${port}`, authorization: `Bearer ${open.token}` };
  expect((await request(open, 'GET', '/api/users/self', headers)).status).toBe(200);
  expect((await request(open, 'GET', '/api/users/self', { ...headers, host: 'other.example' })).status).toBe(403);
});

test('a server without a name believes no such header', async () => {
  const { host } = new URL(alone.url);
  const forged = (from: number) => ({ host, 'x-forwarded-proto': 'https', 'x-forwarded-for': `203.0.113.${from}` });
  const authorization = `Bearer ${alone.token}`;
  const self = await request(alone, 'GET', '/api/users/self', { ...forged(1), authorization });
  expect(JSON.parse(self.body)).toMatchObject({ url: `http://${host}/api/users/1` });
  const statuses: (number | undefined)[] = [];
  for (let turn = 1; turn <= 11; turn += 1) {
    const guess = { username: 'reviewer', password: 'guess' };
    statuses.push((await request(alone, 'POST', '/api/auth/login', forged(turn), guess)).status);
  }
  expect(statuses).toEqual([...Array<number>(10).fill(400), 429]);
});

test('a body that comes in drops is cut off and has no effect', async () => {
  const { hostname, port, host } = new URL(alone.url);
  const socket = net.connect(Number(port), hostname);
  const body = JSON.stringify({ name: 'slow' });
  const head = ['POST /api/projects HTTP/1.1', `Host: ${host}`, `Authorization: Bearer ${alone.token}`];
  socket.write(
    [...head, 'Content-Type: application/json', `Content-Length: ${body.length}`, '', body.slice(0, 1)].join('\r\n'),
  );
  const answer = text(socket);
  // So slow that all of it would take four times the second that it may.
  let sent = 1;
  const drops = setInterval(() => socket.write(body.slice(sent, (sent += 1))), 4000 / body.length);
  socket.once('close', () => clearInterval(drops)).on('error', () => undefined);
  expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(sent).toBeLessThan(body.length);
  const headers = { host, authorization: `Bearer ${alone.token}` };
  const { body: projects } = await request(alone, 'GET', '/api/projects', headers);
  expect(JSON.parse(projects)).toMatchObject({ count: 0 });
});
