import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Resources } from '../../src/activities/resources.js';
import { writeRoundFile } from '../../src/activities/round-file.js';
import { pollTask } from '../../src/activities/wait-for-people.js';
import { createCvatClient, ensureProject, uploadTask } from '../../src/annotation/index.js';
import { loadConfig } from '../../src/config/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { completeJobs, makeFolder } from '../helpers/cli.js';
import { startFaultyProxy } from '../helpers/faulty-proxy.js';
import { temporaryFolder } from '../helpers/programs.js';

// CVAT_HOST is changed while a round waits for task 1. The other server has a task 1 too, whose people are through.

const picture = 'file-0123456789ab_000000000.jpg';
let folder: string;
let remove: () => Promise<void>;
let own: ReviewServer;
let other: ReviewServer;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('server-change'));
  const background = { r: 90, g: 120, b: 90 };
  await sharp({ create: { width: 64, height: 48, channels: 3, background } }).toFile(path.join(folder, picture));
  own = await startReviewServer({ dataFolder: await makeFolder(folder, 'own') });
  other = await startReviewServer({ dataFolder: await makeFolder(folder, 'other') });
  await makeTask(own, 'of the round');
  await completeJobs(clientOf(other), await makeTask(other, 'of somebody else'));
  const config = await loadConfig({ folder });
  await writeRoundFile(folder, { roundId: 'r1', taskName: 'of the round', config });
});
afterAll(async () => {
  await own?.close();
  await other?.close();
  await remove?.();
});

const clientOf = ({ url, token }: ReviewServer) => createCvatClient({ host: url, token });

async function makeTask(server: ReviewServer, name: string): Promise<number> {
  const client = clientOf(server);
  const project = await ensureProject(client, { name: 'frameloop', labels: ['person'] });
  const frames = [{ name: picture, file: path.join(folder, picture) }];
  const { taskId } = await uploadTask(client, { name, project, frames, segmentSize: 10 });
  expect(taskId).toBe(1);
  return taskId;
}

/** What a look at the task of the round comes to, by a worker with these settings. */
async function look(host: string, { token }: ReviewServer, taskId = 1): Promise<string> {
  const resources = new Resources({ folder, env: { CVAT_HOST: host, CVAT_TOKEN: token } });
  const task = { round: { roundId: 'r1', folder }, taskId, taskUrl: `${own.url}/tasks/${taskId}`, frames: 1, jobs: 1 };
  const known = { state: 'open' as const, jobsDone: 0, jobsTotal: 1 };
  const outcome = pollTask(resources, { ...task, known });
  return outcome.then(
    ({ state }) => state,
    (error: { type?: string; nonRetryable?: boolean }) => `${error.type}${error.nonRetryable ? ', for good' : ''}`,
  );
}

it("neither takes another server's task of that number for that of the round, nor one that is not there for deleted", async () => {
  expect(await look(own.url, own)).toBe('NOT_COMPLETE');
  expect(await look(other.url, other)).toBe('ANNOTATION_SERVER_CHANGED');
  expect(await look(other.url, other, 7)).toBe('ANNOTATION_SERVER_CHANGED');
  expect(await look(own.url, own, 7)).toBe('deleted');
});

it('goes on when the same server has another address', async () => {
  const proxy = await startFaultyProxy(own.url, () => undefined);
  try {
    expect(await look(proxy.url, own)).toBe('NOT_COMPLETE');
  } finally {
    await proxy.close();
  }
});
