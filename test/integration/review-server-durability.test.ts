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
import { seededRandom } from '../../src/common/random.js';
import { startReviewServer } from '../../src/review/server/index.js';
import { projectRoot } from '../../src/tools/index.js';
import { batch, clientOf, jpeg, makeProject, makeTask, settled, type Client } from './review-server-client.js';

let dataFolder: string;

beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-durable-'));
});

afterEach(async () => {
  await rm(dataFolder, { recursive: true, force: true });
});

/** A server in a process of its own, that can be killed: the built one, which starts in a fraction of the time. */
async function startChild() {
  const program = path.join(projectRoot(), 'dist', 'review', 'server', 'main.js');
  const child = execa(process.execPath, [program, '--data', dataFolder], { reject: false });
  const ended = child.then(({ stderr }) => Promise.reject(new Error(`The server did not start: ${stderr}`)));
  ended.catch(() => undefined);
  // The only thing it ever writes is one short line.
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
  const kill = async () => {
    child.kill('SIGKILL');
    await child;
  };
  const token = (await readFile(path.join(dataFolder, 'token'), 'utf8')).trim();
  return { ...(JSON.parse(String(line)) as { url: string }), token, kill };
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

  // The kill comes between or within saves.
  const writer = saveAgainAndAgain(call, ready, labelIds[0]);
  // Another is in the middle of sending a batch.
  const uploading = call('POST', `/api/tasks/${task.id}/data`, slowBatch(), { 'upload-multiple': '' }).catch(
    () => undefined,
  );
  while (writer.acknowledged < 20) await sleep(5);
  await first.kill();
  await Promise.all([writer.ended, uploading]);

  const second = await startChild();
  try {
    expect(second.token).toBe(first.token);
    call = clientOf(second);
    const { body } = await call('GET', `/api/tasks/${ready}/annotations`);
    // The last save may have been stored without its answer having arrived.
    expect([writer.acknowledged, writer.acknowledged + 1]).toContain(body.shapes[0].points[2]);
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
  expectWholeDatabase();
});

test('killed at 20 random moments of saving, every acknowledged save is there', { timeout: 300_000 }, async () => {
  const seed = '20 kills';
  const random = seededRandom(seed);
  let server = await startChild();
  try {
    let call = clientOf(server);
    const { id: projectId, labelIds } = await makeProject(call);
    // Three clients at a time: one replaces what is there, two add box after box.
    const replaced = await makeTask(call, projectId, { 'a.jpg': await jpeg(1) });
    const grown = [await makeTask(call, projectId, { 'b.jpg': await jpeg(2) })];
    grown.push(await makeTask(call, projectId, { 'c.jpg': await jpeg(3) }));
    let [saves, least] = [0, 0];
    const growth = grown.map((taskId) => ({ taskId, ids: new Set<number>() }));
    for (let kill = 1; kill <= 20; kill += 1) {
      const writer = saveAgainAndAgain(call, replaced, labelIds[0], least);
      const adding = growth.map(({ taskId, ids }) => addAgainAndAgain(call, taskId, labelIds[0], ids));
      while (writer.acknowledged === least) await sleep(1);
      // Up to some ten saves later, in the middle of whatever the server is doing then.
      await sleep(random() * 80);
      await server.kill();
      await Promise.all([writer.ended, ...adding]);
      saves += writer.acknowledged - least;

      const where = `kill ${kill} with seed ${seed}`;
      server = await startChild();
      call = clientOf(server);
      const { body } = await call('GET', `/api/tasks/${replaced}/annotations`);
      const [, , stored] = (body.shapes[0] as { points: number[] }).points;
      expect(body.shapes, where).toHaveLength(1);
      expect([writer.acknowledged, writer.acknowledged + 1], where).toContain(stored);
      least = stored ?? NaN;
      for (const { taskId, ids } of growth) {
        const { body: all } = await call('GET', `/api/tasks/${taskId}/annotations`);
        const there = (all.shapes as { id: number }[]).map(({ id }) => id);
        expect(there, where).toEqual(expect.arrayContaining([...ids]));
        // One more may have been stored without its answer having arrived; it is counted from now on.
        expect(there.length, where).toBeLessThanOrEqual(ids.size + 1);
        for (const id of there) ids.add(id);
      }
      expectWholeDatabase();
    }
    expect(saves).toBeGreaterThanOrEqual(20);
  } finally {
    await server.kill();
  }
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

/** Replaces the one box of a task as fast as it goes, its width counting up from `from`, until nobody answers. */
function saveAgainAndAgain(call: Client, taskId: number, labelId: number | undefined, from = 0) {
  const writer = { acknowledged: from, ended: Promise.resolve() };
  writer.ended = (async () => {
    for (let turn = from + 1; ; turn += 1) {
      const shapes = [{ type: 'rectangle', frame: 0, label_id: labelId, points: [0, 0, turn, turn] }];
      const answer = await call('PUT', `/api/tasks/${taskId}/annotations`, { shapes }).catch(() => undefined);
      if (answer?.status !== 200) return;
      writer.acknowledged = turn;
    }
  })();
  return writer;
}

/** Adds box after box to a task until nobody answers, and notes the ids of those that were acknowledged. */
async function addAgainAndAgain(call: Client, taskId: number, labelId: number | undefined, ids: Set<number>) {
  const shapes = [{ type: 'rectangle', frame: 0, label_id: labelId, points: [1, 2, 3, 4] }];
  for (;;) {
    const answer = await call('PATCH', `/api/tasks/${taskId}/annotations?action=create`, { shapes }).catch(
      () => undefined,
    );
    if (answer?.status !== 200) return;
    ids.add((answer.body.shapes as { id: number }[])[0]?.id ?? NaN);
  }
}

function expectWholeDatabase(): void {
  const database = new Database(path.join(dataFolder, 'review.sqlite'));
  try {
    expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  } finally {
    database.close();
  }
}

/** A form whose second file is still being sent when the server goes. */
function slowBatch(): FormData {
  return batch({ 'd.jpg': new Uint8Array(1000), 'e.jpg': new Uint8Array(40 * 2 ** 20) });
}
