/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReviewServer } from '../../src/review/server/index.js';
import { batch, clientOf, jpeg, makeProject, makeTask, settled } from './review-server-client.js';

let dataFolder: string;

beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-durable-'));
});

afterEach(async () => {
  await rm(dataFolder, { recursive: true, force: true });
});

/** A server in a process of its own, that can be killed. */
async function startChild() {
  const entry = new URL('../../src/review/server/index.ts', import.meta.url).href;
  const script = `
    const { startReviewServer } = await import(${JSON.stringify(entry)});
    const { url, token } = await startReviewServer({ dataFolder: ${JSON.stringify(dataFolder)} });
    process.stdout.write(JSON.stringify({ url, token }) + '\\n');
  `;
  const child = execa(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { reject: false });
  const ended = child.then(({ stderr }) => Promise.reject(new Error(`The server did not start: ${stderr}`)));
  ended.catch(() => undefined);
  // The only thing it ever writes is one short line.
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
  const kill = async () => {
    child.kill('SIGKILL');
    await child;
  };
  return { ...(JSON.parse(String(line)) as { url: string; token: string }), kill };
}

test('after a restart everything is there, under the same token; only the address may change', async () => {
  const first = await startReviewServer({ dataFolder });
  let call = clientOf(first);
  const { id: projectId, labelIds } = await makeProject(call);
  const taskId = await makeTask(call, projectId, { 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2) });
  const shapes = [{ type: 'rectangle', frame: 1, label_id: labelIds[0], points: [1.5, 2, 3, 4], score: 0.25 }];
  await call('PUT', `/api/tasks/${taskId}/annotations`, { shapes });
  const urls = [`/api/tasks/${taskId}/annotations`, `/api/tasks/${taskId}/data/meta`];
  const before = [];
  for (const url of urls) before.push((await call('GET', url)).body as unknown);
  await first.close();
  // Nobody must think the server is still to be found.
  expect(existsSync(path.join(dataFolder, 'connection.json'))).toBe(false);

  const second = await startReviewServer({ dataFolder });
  try {
    expect(second.token).toBe(first.token);
    call = clientOf(second);
    const after = [];
    for (const url of urls) after.push((await call('GET', url)).body as unknown);
    expect(after).toEqual(before);
    const frame = await fetch(`${second.url}/api/tasks/${taskId}/data?type=frame&number=1`, {
      headers: { authorization: `Bearer ${second.token}` },
    });
    expect(Buffer.from(await frame.arrayBuffer())).toEqual(await jpeg(2));
  } finally {
    await second.close();
  }
});

test('a server closed in the middle of a creation goes on with it at the next start', async () => {
  const first = await startReviewServer({ dataFolder });
  const call = clientOf(first);
  const { id: projectId } = await makeProject(call);
  const { body: task } = await call('POST', '/api/tasks', { name: 't', project_id: projectId, segment_size: 10 });
  const files: Record<string, Uint8Array> = {};
  for (let index = 0; index < 25; index += 1) files[`f_${index + 10}.jpg`] = await jpeg(index, 1280, 720);
  await call('POST', `/api/tasks/${task.id}/data`, batch(files), { 'upload-multiple': '' });
  const finish = await call('POST', `/api/tasks/${task.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
  await first.close();

  const second = await startReviewServer({ dataFolder });
  try {
    const again = clientOf(second);
    expect((await settled(again, finish.body.rq_id as string)).body.status).toBe('finished');
    expect((await again('GET', `/api/tasks/${task.id}`)).body).toMatchObject({ size: 25, jobs: { count: 3 } });
    expect((await again('GET', `/api/tasks/${task.id}/data/meta`)).body.frames).toHaveLength(25);
  } finally {
    await second.close();
  }
});

test('a server that is killed loses nothing that it has acknowledged, and cleans up what it had not', async () => {
  const first = await startChild();
  expect(JSON.parse(await readFile(path.join(dataFolder, 'connection.json'), 'utf8'))).toMatchObject({
    url: first.url,
  });
  // Two servers over one folder would remove each other's uploads.
  await expect(startReviewServer({ dataFolder })).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' });
  let call = clientOf(first);
  const { id: projectId, labelIds } = await makeProject(call);
  const ready = await makeTask(call, projectId, { 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2) });
  const { body: task } = await call('POST', '/api/tasks', { name: 'half', project_id: projectId });
  await call('POST', `/api/tasks/${task.id}/data`, batch({ 'c.jpg': await jpeg(3) }), { 'upload-multiple': '' });

  // One writer saves again and again; the kill comes between or within its saves.
  let acknowledged = 0;
  const writing = (async () => {
    for (let turn = 1; ; turn += 1) {
      const shapes = [{ type: 'rectangle', frame: 0, label_id: labelIds[0], points: [0, 0, turn, turn] }];
      const answer = await call('PUT', `/api/tasks/${ready}/annotations`, { shapes }).catch(() => undefined);
      if (answer?.status !== 200) return;
      acknowledged = turn;
    }
  })();
  // Another is in the middle of sending a batch.
  const uploading = call('POST', `/api/tasks/${task.id}/data`, slowBatch(), { 'upload-multiple': '' }).catch(
    () => undefined,
  );
  while (acknowledged < 20) await sleep(5);
  await first.kill();
  await Promise.all([writing, uploading]);

  const second = await startChild();
  try {
    expect(second.token).toBe(first.token);
    call = clientOf(second);
    const { body } = await call('GET', `/api/tasks/${ready}/annotations`);
    // The last save may have been stored without its answer having arrived.
    expect([acknowledged, acknowledged + 1]).toContain(body.shapes[0].points[2]);
    expect(body.shapes).toHaveLength(1);
    const finish = await call('POST', `/api/tasks/${task.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
    expect((await settled(call, finish.body.rq_id as string)).body.status).toBe('finished');
    const { body: meta } = await call('GET', `/api/tasks/${task.id}/data/meta`);
    expect((meta.frames as { name: string }[]).map(({ name }) => name)).toEqual(['c.jpg']);
    expect(await readdir(path.join(dataFolder, 'incoming'))).toEqual([]);
    expect(await readdir(path.join(dataFolder, 'pictures', String(task.id)))).toHaveLength(1);
  } finally {
    await second.kill();
  }
  const database = new Database(path.join(dataFolder, 'review.sqlite'));
  expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  database.close();
});

test('a creation during which the server is killed is finished by the next one', async () => {
  const first = await startChild();
  const call = clientOf(first);
  const { id: projectId } = await makeProject(call);
  const { body: task } = await call('POST', '/api/tasks', { name: 't', project_id: projectId });
  const files: Record<string, Uint8Array> = {};
  for (let index = 0; index < 60; index += 1) files[`f_${index + 10}.jpg`] = await jpeg(index, 1920, 1080);
  await call('POST', `/api/tasks/${task.id}/data`, batch(files), { 'upload-multiple': '' });
  const finish = await call('POST', `/api/tasks/${task.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
  await first.kill();

  const second = await startChild();
  try {
    const again = clientOf(second);
    expect((await settled(again, finish.body.rq_id as string)).body.status).toBe('finished');
    expect((await again('GET', `/api/tasks/${task.id}`)).body).toMatchObject({ size: 60, jobs: { count: 1 } });
  } finally {
    await second.kill();
  }
});

/** A form whose second file is still being sent when the server goes. */
function slowBatch(): FormData {
  return batch({ 'd.jpg': new Uint8Array(1000), 'e.jpg': new Uint8Array(40 * 2 ** 20) });
}
