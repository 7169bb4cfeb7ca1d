import { execa } from 'execa';
import { randomBytes, randomInt } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCvatClient, type CvatClient } from '../../src/annotation/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { projectRoot } from '../../src/tools/index.js';
import { temporaryFolder } from '../helpers/programs.js';
import type { UploadOrder } from './upload-child.js';

/** All of it takes minutes: FRAMELOOP_TEST_LONG=1. */
const long = process.env.FRAMELOOP_TEST_LONG === '1';
const FRAMES = 300;

let folder: string;
let remove: () => Promise<void>;
let server: ReviewServer;
let client: CvatClient;
let picture: string;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('upload'));
  server = await startReviewServer({ dataFolder: path.join(folder, 'server') });
  client = createCvatClient({ host: server.url, token: server.token });
  picture = path.join(folder, 'frame.jpg');
  await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } })
    .jpeg()
    .toFile(picture);
});
afterAll(async () => {
  await server.close();
  await remove();
});

const nameOf = (n: number) => `file-0123456789ab_${String(n * 1000).padStart(9, '0')}.jpg`;

async function writeOrder(name: string, more: Partial<UploadOrder> = {}): Promise<string> {
  const frames = Array.from({ length: FRAMES }, (_, n) => ({ name: nameOf(n), file: picture }));
  const journalFile = path.join(folder, `${name}.journal.json`);
  const order: UploadOrder = {
    host: server.url,
    token: server.token,
    name,
    frames,
    journalFile,
    batchFiles: 20,
    ...more,
  };
  const file = path.join(folder, `${name}.order.json`);
  await writeFile(file, JSON.stringify(order));
  return file;
}

function startChild(order: string) {
  const program = path.join(projectRoot(), 'test', 'fault', 'upload-child.ts');
  return execa(process.execPath, ['--import', 'tsx', program, order], { cwd: projectRoot(), reject: false });
}

/** Runs the upload to its end and says how long it worked, from its first line on. */
async function uploadWhole(order: string) {
  const child = startChild(order);
  await once(child.stdout, 'data');
  const began = Date.now();
  const { stdout, stderr, exitCode } = await child;
  if (exitCode !== 0) throw new Error(stderr);
  const result = JSON.parse(stdout.split('\n').at(-1) ?? '') as {
    taskId: number;
    baseMegabytes: number;
    peakMegabytes: number;
  };
  return { ...result, durationMs: Date.now() - began };
}

async function expectOneRightTask(name: string, taskId: number): Promise<void> {
  const tasks = await client.list<{ id: number }>('/api/tasks', { name });
  expect(tasks.map(({ id }) => id)).toEqual([taskId]);
  const meta = await client.json<{ frames: { name: string }[] }>('GET', `/api/tasks/${taskId}/data/meta`);
  expect(meta.frames.map((frame) => frame.name)).toEqual(Array.from({ length: FRAMES }, (_, n) => nameOf(n)));
  const { shapes } = await client.json<{ shapes: { frame: number; points: number[] }[] }>(
    'GET',
    `/api/tasks/${taskId}/annotations`,
  );
  const boxes = shapes.map(({ frame, points }) => [frame, ...points]).sort((a, b) => a[0]! - b[0]!);
  expect(boxes).toEqual(Array.from({ length: FRAMES }, (_, n) => [n, n % 40, 2, (n % 40) + 9, 8]));
}

describe('an upload of 300 frames whose process is killed', () => {
  const moments = long ? 20 : 3;

  it(`at ${moments} random moments leaves one task with the right frames and boxes, each time`, async () => {
    const { taskId, durationMs } = await uploadWhole(await writeOrder('undisturbed'));
    await expectOneRightTask('undisturbed', taskId);
    let hit = 0;
    for (let n = 0; n < moments; n++) {
      const name = `killed ${n}`;
      const order = await writeOrder(name);
      const child = startChild(order);
      await once(child.stdout, 'data');
      await sleep(randomInt(Math.ceil(durationMs)));
      child.kill('SIGKILL');
      hit += (await child).signal === 'SIGKILL' ? 1 : 0;
      await expectOneRightTask(name, (await uploadWhole(order)).taskId);
    }
    console.log(`${hit} of ${moments} uploads were killed within ${durationMs} ms, each came out right`);
    expect(hit).toBeGreaterThan(0);
  }, 1_800_000);
});

describe.runIf(long)('a large upload', () => {
  it('of 2,000 frames, a gigabyte, needs little memory', async () => {
    const count = 2000;
    const noise = path.join(folder, 'noise.jpg');
    // Noise does not compress: half a megabyte each.
    const [width, height] = [900, 700];
    await sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 88 })
      .toFile(noise);
    await mkdir(path.join(folder, 'large'));
    const frames = [];
    for (let n = 0; n < count; n++) {
      const file = path.join(folder, 'large', nameOf(n));
      await copyFile(noise, file);
      frames.push({ name: nameOf(n), file });
    }
    const order = await writeOrder('large', { frames, batchFiles: 100 });
    const { baseMegabytes, peakMegabytes } = await uploadWhole(order);
    console.log(`memory: ${baseMegabytes.toFixed(0)} MB at the start, ${peakMegabytes.toFixed(0)} MB at most`);
    expect(peakMegabytes - baseMegabytes).toBeLessThan(150);
    const [task] = await client.list<{ size: number }>('/api/tasks', { name: 'large' });
    expect(task?.size).toBe(count);
  }, 1_800_000);
});
