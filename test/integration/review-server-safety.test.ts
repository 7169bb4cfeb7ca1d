/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PipelineError } from '../../src/common/errors.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { batch, clientOf, jpeg, makeProject, settled, type Client } from './review-server-client.js';

let dataFolder: string;
let server: ReviewServer;
let call: Client;
let projectId: number;
const logged: object[] = [];

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-safety-'));
  server = await startReviewServer({ dataFolder, log: (line) => logged.push(line) });
  call = clientOf(server);
  ({ id: projectId } = await makeProject(call));
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

const newTask = async () => (await call('POST', '/api/tasks', { name: 't', project_id: projectId })).body.id as number;

/** Uploads these files into a task of their own and returns the request of the creation, when it is over. */
const creationOf = async (files: Record<string, Uint8Array>) => {
  const id = await newTask();
  const sent = await call('POST', `/api/tasks/${id}/data`, batch(files), { 'upload-multiple': '' });
  expect(sent.status).toBe(200);
  const finish = await call('POST', `/api/tasks/${id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
  const { body } = await settled(call, finish.body.rq_id as string);
  return body as { status: string; message: string; operation: { task_id: number } };
};

const allFiles = async () => (await readdir(dataFolder, { recursive: true })).filter((name) => /\.\w+$/.test(name));

describe('who may come in', () => {
  test('without a token only the description of the server is to be had', async () => {
    const stranger = clientOf({ url: server.url });
    expect((await stranger('GET', '/api/server/about')).status).toBe(200);
    for (const path of ['/api/users/self', '/api/server/annotation/formats', '/api/projects', '/api/no/such/thing']) {
      const answer = await stranger('GET', path);
      expect([path, answer.status, answer.body]).toEqual([
        path,
        401,
        { detail: 'Authentication credentials were not provided.' },
      ]);
      expect(answer.headers.get('www-authenticate')).toBe('Token');
    }
  });

  test.each(['Bearer', 'Token'])(
    'a wrong token in the scheme %s is refused, the right one accepted',
    async (scheme) => {
      const stranger = clientOf({ url: server.url });
      const answer = await stranger('GET', '/api/users/self', undefined, {
        authorization: `${scheme} ${'x'.repeat(43)}`,
      });
      expect([answer.status, answer.body]).toEqual([401, { detail: 'Invalid token.' }]);
      const known = await stranger('GET', '/api/users/self', undefined, { authorization: `${scheme} ${server.token}` });
      expect([known.status, known.body.username]).toEqual([200, 'reviewer']);
    },
  );

  test('a page whose name was pointed at this machine is refused, even with the token', async () => {
    // fetch does not let us set Host; a raw request does.
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        http
          .get(
            `${server.url}/api/users/self`,
            { headers: { host, authorization: `Bearer ${server.token}` } },
            (response) => {
              response.resume();
              resolve(response.statusCode);
            },
          )
          .on('error', reject);
      });
    expect(await statusFor('evil.example')).toBe(403);
    expect(await statusFor('127.0.0.1.evil.example')).toBe(403);
    expect(await statusFor('localhost:8080')).toBe(200);
    expect((await call('GET', '/api/users/self', undefined, { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('the token is 32 random bytes, readable by this user only, and never logged', async () => {
    expect(Buffer.from(server.token, 'base64url')).toHaveLength(32);
    for (const name of ['token', 'connection.json']) {
      expect((await stat(path.join(dataFolder, name))).mode & 0o777).toBe(0o600);
    }
    expect(JSON.parse(await readFile(path.join(dataFolder, 'connection.json'), 'utf8'))).toEqual({
      url: server.url,
      token: server.token,
      pid: process.pid,
      publicUrls: [],
    });
    await call('GET', `/api/tasks?search=${server.token}`);
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(logged)).not.toContain(server.token);
  });
});

describe('what is uploaded', () => {
  test('folders in names are cut off, names that climb are refused, and nothing is written outside', async () => {
    const id = await newTask();
    const send = (files: Record<string, Buffer>) =>
      call('POST', `/api/tasks/${id}/data`, batch(files), { 'upload-multiple': '' });
    expect((await send({ '../../evil.jpg': await jpeg(1) })).status).toBe(400);
    const files = { '/etc/absolute.jpg': await jpeg(2), 'C:\\temp\\windows.jpg': await jpeg(3) };
    expect((await send(files)).status).toBe(200);
    const finish = await call('POST', `/api/tasks/${id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
    await settled(call, finish.body.rq_id as string);
    const { body: meta } = await call('GET', `/api/tasks/${id}/data/meta`);
    expect((meta.frames as { name: string }[]).map(({ name }) => name)).toEqual(['absolute.jpg', 'windows.jpg']);
    expect((await readdir(path.dirname(dataFolder))).includes('evil.jpg')).toBe(false);
    // On disk pictures carry names of our own.
    expect((await allFiles()).filter((name) => /evil|absolute|windows/.test(name))).toEqual([]);
  });

  test.each([
    ['..', '..'],
    ['control characters', 'a\u0007b.jpg'],
    ['text that runs backwards', 'a\u202egpj.exe.jpg'],
    ['too long', `${'x'.repeat(250)}.jpg`],
    ['no picture', 'page.html'],
    ['no extension', 'jpg'],
  ])('a batch with an unusable name is refused as a whole (%s)', async (_, name) => {
    const id = await newTask();
    const before = await allFiles();
    const form = batch({ 'good.jpg': await jpeg(1), [name]: await jpeg(2) });
    const answer = await call('POST', `/api/tasks/${id}/data`, form, { 'upload-multiple': '' });
    expect(answer.status).toBe(400);
    expect(await allFiles()).toEqual(before);
  });

  test('the same picture again is no error, another one under its name is', async () => {
    const id = await newTask();
    const data = `/api/tasks/${id}/data`;
    const send = async (files: Record<string, Uint8Array>) =>
      (await call('POST', data, batch(files), { 'upload-multiple': '' })).status;
    expect(await send({ 'a.jpg': await jpeg(1) })).toBe(200);
    const before = await allFiles();
    expect(await send({ 'a.jpg': await jpeg(1) })).toBe(200);
    expect(await send({ 'b.jpg': await jpeg(3), 'a.jpg': await jpeg(2) })).toBe(400);
    expect(await send({ 'x/c.jpg': await jpeg(4), 'y/c.jpg': await jpeg(4) })).toBe(400);
    expect(await allFiles()).toEqual(before);
  });

  test('a batch without image quality or with files under another field name is refused, not lost', async () => {
    const id = await newTask();
    const data = `/api/tasks/${id}/data`;
    const noQuality = await call('POST', data, batch({ 'a.jpg': await jpeg(1) }, {}), { 'upload-multiple': '' });
    // The body of CVAT 2.23.1.
    expect([noQuality.status, noQuality.body]).toEqual([400, { image_quality: ['This field is required.'] }]);
    const form = new FormData();
    form.append('client_files', new Blob([new Uint8Array(await jpeg(1))]), 'a.jpg');
    form.append('image_quality', '70');
    expect((await call('POST', data, form, { 'upload-multiple': '' })).status).toBe(400);
  });

  test('a file above the limit is refused', async () => {
    const id = await newTask();
    const form = batch({ 'big.jpg': new Uint8Array(64 * 2 ** 20 + 1), 'next.jpg': await jpeg(1) });
    const before = await allFiles();
    const answer = await call('POST', `/api/tasks/${id}/data`, form, { 'upload-multiple': '' });
    expect(answer.status).toBe(413);
    expect(await allFiles()).toEqual(before);
  });

  test('a broken picture fails the creation and is named', async () => {
    const whole = await sharp({ create: { width: 640, height: 360, channels: 3, background: '#345' } })
      .composite([
        {
          input: await sharp({ create: { width: 9, height: 9, channels: 3, background: '#fff' } })
            .png()
            .toBuffer(),
        },
      ])
      .jpeg()
      .toBuffer();
    for (const content of [Buffer.from('no picture at all'), whole.subarray(0, whole.length / 2)]) {
      const request = await creationOf({ 'a.jpg': await jpeg(1), 'broken.jpg': content });
      expect(request.status).toBe('failed');
      expect(request.message).toMatch(/cannot identify image file 'broken\.jpg'/);
    }
  });

  test('a task without pictures fails with CVAT’s words and can then be filled', async () => {
    const id = await newTask();
    const finish = () => call('POST', `/api/tasks/${id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
    const { body } = await settled(call, (await finish()).body.rq_id as string);
    expect(body).toMatchObject({ status: 'failed', message: 'ValueError: No media data found' });
    await call('POST', `/api/tasks/${id}/data`, batch({ 'a.jpg': await jpeg(1) }), { 'upload-multiple': '' });
    expect((await settled(call, (await finish()).body.rq_id as string)).body.status).toBe('finished');
  });

  test('a second finish is told which request is running; after success nothing can be added', async () => {
    const id = await newTask();
    const data = `/api/tasks/${id}/data`;
    const files: Record<string, Uint8Array> = {};
    for (let index = 0; index < 40; index += 1) files[`f_${index}.jpg`] = await jpeg(index, 1920, 1080);
    await call('POST', data, batch(files), { 'upload-multiple': '' });
    const finish = () => call('POST', data, { image_quality: 70 }, { 'upload-finish': '' });
    const [one, other] = await Promise.all([finish(), finish()]);
    expect([one.status, other.status].sort()).toEqual([202, 409]);
    expect(one.body).toEqual(other.body);
    const late = await call('POST', data, batch({ 'late.jpg': await jpeg(1) }), { 'upload-multiple': '' });
    expect(late.status).toBe(409);
    await settled(call, one.body.rq_id as string);
    for (const again of [await finish(), await call('POST', data, '', { 'upload-start': '' })]) {
      expect([again.status, again.body]).toEqual([400, 'Adding more data is not supported']);
    }
    expect((await call('GET', `/api/jobs?task_id=${id}`)).body.count).toBe(1);
    expect((await call('GET', `/api/tasks/${id}/data/meta`)).body.frames).toHaveLength(40);
  });
});

describe('starting', () => {
  const failure = async (options: Parameters<typeof startReviewServer>[0]) => {
    const error: unknown = await startReviewServer(options).then(
      async (started) => {
        await started.close();
        return undefined;
      },
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PipelineError);
    expect((error as PipelineError).hint).toBeTruthy();
    return (error as PipelineError).code;
  };

  test('a port in use, an unwritable folder, a folder in use and a public address are refused with their codes', async () => {
    const other = await mkdtemp(path.join(os.tmpdir(), 'review-start-'));
    try {
      const port = Number(new URL(server.url).port);
      expect(await failure({ dataFolder: other, port })).toBe('PORT_IN_USE');
      await writeFile(path.join(other, 'file'), '');
      expect(await failure({ dataFolder: path.join(other, 'file', 'inside') })).toBe('DATA_FOLDER_UNWRITABLE');
      expect(await failure({ dataFolder })).toBe('DATA_FOLDER_IN_USE');
      expect(await failure({ dataFolder: other, host: '0.0.0.0' })).toBe('HOST_NOT_LOOPBACK');
      // What failed above left the folder usable.
      await (await startReviewServer({ dataFolder: other, host: 'localhost' })).close();
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});
