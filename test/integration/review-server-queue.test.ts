import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBackground, type Background, type Work } from '../../src/review/server/background.js';
import { prepareDataFolder } from '../../src/review/server/data-folder.js';
import { Events } from '../../src/review/server/events.js';
import { readArchive } from '../../src/review/server/import.js';
import { startReviewServer } from '../../src/review/server/index.js';
import { openStore } from '../../src/review/server/store/database.js';
import { cancelRequest, enqueueRequest, findRequest, finishRequest } from '../../src/review/server/store/requests.js';
import type { RequestRow } from '../../src/review/server/store/schema.js';
import { AnnotationVersions } from '../../src/review/server/web/versions.js';
import { WebhookSender } from '../../src/review/server/webhook-sender.js';
import { clientOf, zipOf } from './review-server-client.js';

let dataFolder: string;

beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-queue-'));
});

afterEach(async () => {
  await rm(dataFolder, { recursive: true, force: true });
});

describe('the queue', () => {
  let store: Awaited<ReturnType<typeof openStore>>;
  let started: Background[];

  beforeEach(async () => {
    store = await openStore(path.join(dataFolder, 'review.sqlite'));
    started = [];
  });

  afterEach(async () => {
    for (const background of started) await background.close();
    await store.destroy();
  });

  /** What a start of the server does; the work of other starts goes on. */
  async function start(work: Work) {
    const log = () => undefined;
    const context = {
      ...{ store, folder: await prepareDataFolder(dataFolder), versions: new AnnotationVersions() },
      events: new Events(store, new WebhookSender(store, log), log),
    };
    const background = startBackground(context, { create: work, import: work, export: work }, log);
    started.push(background);
    return background;
  }

  const enqueue = (id: string, action: RequestRow['action'] = 'create') =>
    enqueueRequest(store, {
      ...{ id, action, subresource: null, task_id: 1, project_id: null, format: null, payload: {} },
    });

  const ends: Work = ({ store: own }, { sequence }) => finishRequest(own, sequence);

  /** Work that goes on until it is stopped, and the ids of what it was begun for. */
  function endless() {
    const begun: string[] = [];
    const work: Work = async (_, { id }, { signal }) => {
      begun.push(id);
      await sleep(600_000, undefined, { signal });
    };
    return { begun, work };
  }

  async function until(holds: () => boolean | Promise<boolean>) {
    while (!(await holds())) await sleep(5);
  }

  const statusOf = async (id: string) => (await findRequest(store, id))?.status;

  test('work that ends the process each time is given up, and what waits behind it is done', async () => {
    await enqueue('deadly');
    await enqueue('harmless');
    const { begun, work } = endless();
    for (let count = 1; count <= 3; count += 1) {
      await start(work);
      await until(() => begun.length === count);
    }
    await start(ends);
    await until(async () => (await statusOf('harmless')) === 'finished');
    expect(await findRequest(store, 'deadly')).toMatchObject({
      status: 'failed',
      message: 'The work was interrupted 3 times.',
    });
  });

  test('work that a server was stopped in is no worse for it', async () => {
    await enqueue('long');
    const { begun, work } = endless();
    for (let count = 1; count <= 5; count += 1) {
      const background = await start(work);
      await until(() => begun.length === count);
      await background.close();
      expect(await findRequest(store, 'long')).toMatchObject({ status: 'started', attempts: 0 });
    }
    await start(ends);
    await until(async () => (await statusOf('long')) === 'finished');
  });

  test('an export holds up no creation, and another export begins when it is cancelled', async () => {
    const { begun, work } = endless();
    const background = await start((context, request, run) =>
      (request.id === 'first' ? work : ends)(context, request, run),
    );
    await enqueue('first', 'export');
    background.wake();
    await until(() => begun.length === 1);
    await enqueue('second', 'export');
    await enqueue('task');
    background.wake();
    await until(async () => (await statusOf('task')) === 'finished');
    expect(await statusOf('second')).toBe('queued');
    background.stop((await cancelRequest(store, 'first')) ?? 0);
    await until(async () => (await statusOf('second')) === 'finished');
    expect(await findRequest(store, 'first')).toBeUndefined();
  });
});

test.each([
  ['export', 200, 404],
  ['import', 400, 200],
] as const)('cancelling an %s that was begun is answered with %i', async (action, cancelled, afterwards) => {
  const server = await startReviewServer({ dataFolder });
  const store = await openStore(path.join(dataFolder, 'review.sqlite'));
  try {
    const call = clientOf(server);
    const date = new Date().toISOString();
    const row = { task_id: 1, payload: '{}', message: '', created_date: date, started_date: date };
    // The server does not know that it would have to do this.
    await store
      .insertInto('requests')
      .values({ id: 'begun', action, status: 'started', ...row })
      .execute();
    expect((await call('POST', '/api/requests/begun/cancel')).status).toBe(cancelled);
    expect((await call('GET', '/api/requests/begun')).status).toBe(afterwards);
  } finally {
    await store.destroy();
    await server.close();
  }
});

test('an archive of more text or files than fit into memory is refused before it is read', async () => {
  const json = path.join(dataFolder, 'large.json');
  await writeFile(json, '{');
  const handle = await open(json, 'r+');
  await handle.truncate(64 * 2 ** 20 + 1);
  await handle.close();
  await expect(readArchive(json)).rejects.toThrow('the archive holds more than 64 MiB of text');

  // Two texts, neither of which is too long by itself.
  const half = Buffer.alloc(32 * 2 ** 20 + 1);
  const long = path.join(dataFolder, 'long.zip');
  await writeFile(long, await zipOf({ 'one.txt': half, 'two.txt': half }));
  await expect(readArchive(long).then(({ size }) => size)).rejects.toThrow(
    'the archive holds more than 64 MiB of text',
  );

  const zip = path.join(dataFolder, 'many.zip');
  await writeFile(zip, endOfArchive(200_001n));
  await expect(readArchive(zip)).rejects.toThrow('the archive holds more than 200000 files');
});

/** The end of an archive that says that it holds so many files (APPNOTE.TXT 6.3, 4.3.14 to 4.3.16). */
function endOfArchive(files: bigint): Buffer {
  const large = Buffer.alloc(56);
  large.writeUInt32LE(0x06064b50, 0);
  large.writeBigUInt64LE(44n, 4);
  large.writeBigUInt64LE(files, 24);
  large.writeBigUInt64LE(files, 32);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.fill(0xff, 8, 20);
  return Buffer.concat([large, locator, end]);
}
