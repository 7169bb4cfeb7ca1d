import { Client, Connection } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { link, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createCvatClient, type CvatClient } from '../../src/annotation/index.js';
import { openCatalog } from '../../src/catalog/index.js';
import { roundResult, startRound } from '../../src/client/rounds.js';
import { messageOf } from '../../src/common/errors.js';
import { toJsonLines, writeFileAtomic } from '../../src/common/files.js';
import { seededRandom } from '../../src/common/random.js';
import type { Candidate } from '../../src/common/types.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { projectRoot } from '../../src/tools/index.js';
import { freePort, startOurs, startTemporal, temporaryFolder, until, type Program } from '../helpers/programs.js';
import { repetitions } from './records.js';
import { STAGES, watchServer, type Moment, type WatchedServer } from './watched-server.js';

/** All of it takes minutes. */
const long = repetitions > 1;
const FRAMES = 300;
const VIDEO = 'file-0123456789ab';

let folder: string;
let address: string;
let temporal: Program;
let connection: Connection;
let temporalClient: Client;
let server: ReviewServer;
let watched: WatchedServer;
let cvat: CvatClient;
let worker: Program;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const temporary = await temporaryFolder('upload');
  cleanUps.push(temporary.remove);
  folder = temporary.folder;
  // Frames that were sampled and predicted before: a round sends them, and ends when its task is filled.
  const off = { enabled: false };
  const steps = { download_videos: off, process_videos: off, download_labels: off };
  await writeFile(path.join(folder, 'config.yaml'), stringify({ steps, cvat: { task_name: 'killed' } }));
  const port = await freePort();
  address = `127.0.0.1:${port}`;
  temporal = await startTemporal(undefined, port);
  cleanUps.push(() => temporal.stop());
  connection = await Connection.connect({ address });
  cleanUps.push(() => connection.close());
  temporalClient = new Client({ connection });
  server = await startReviewServer({ dataFolder: path.join(folder, 'server') });
  cleanUps.push(() => server.close());
  watched = await watchServer(server.url);
  cleanUps.push(() => watched.close());
  cvat = createCvatClient({ host: server.url, token: server.token });
  worker = startWorker();
  cleanUps.push(() => worker.stop());
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

function startWorker(): Program {
  return startOurs('client/main.js', ['worker', '--quiet'], {
    cwd: folder,
    env: {
      TEMPORAL_ADDRESS: address,
      MODEL_PATH: path.join(projectRoot(), 'models', 'demo.onnx'),
      ...{ CVAT_HOST: watched.url, CVAT_TOKEN: server.token, CVAT_USER: '', CVAT_PASSWORD: '', CVAT_PROJECT_ID: '' },
    },
  });
}

const frameIdOf = (n: number) => `${VIDEO}_${String(n * 1000).padStart(9, '0')}`;
const xOf = (n: number) => n % 40;

/** A data folder whose catalog holds so many frames with one box each that nobody has seen; gives the folder. */
async function prepareFrames(name: string, picture: string, count: number): Promise<string> {
  const data = path.join(folder, name);
  const catalog = await openCatalog(data);
  const rounds = path.join(data, 'rounds', 'earlier');
  const candidates: Candidate[] = [];
  for (let n = 0; n < count; n++) {
    const frameId = frameIdOf(n);
    const file = path.join(data, `${frameId}.jpg`);
    await link(picture, file);
    candidates.push({
      ...{ frameId, videoKey: VIDEO, ptsSeconds: n, file, width: 64, height: 48 },
      ...{ sha256: '0'.repeat(64), perceptualHash: '0'.repeat(16), modelSha256: '0'.repeat(64) },
      detections: [{ classId: 3, label: 'ball', confidence: 0.5, x1: xOf(n), y1: 2, x2: xOf(n) + 9, y2: 8 }],
    });
  }
  await writeFileAtomic(path.join(rounds, 'candidates', `${VIDEO}.jsonl`), toJsonLines(candidates));
  const startedAt = new Date(0).toISOString();
  const { id } = await catalog.ensureRound({ workflowId: 'earlier', runId: 'r', startedAt, folderOf: () => rounds });
  await catalog.claimVideo(id, { videoKey: VIDEO, source: 'file' });
  await catalog.frames.recordCandidates(id, VIDEO, candidates);
  await catalog.updateRound(id, { state: 'finished' });
  await catalog.close();
  return data;
}

async function startUpload(name: string, picture: string, frames: number) {
  const data = await prepareFrames(name, picture, frames);
  return startRound(temporalClient, name, { config: { paths: { data } } });
}

const taskNameOf = (name: string) => `killed (${name})`;
const nameIn = (taskName: string) => taskName.slice('killed ('.length, -1);

async function expectOneRightTask(name: string): Promise<void> {
  const tasks = await cvat.list<{ id: number; size: number }>('/api/tasks', { name: taskNameOf(name) });
  expect(tasks.map(({ size }) => size)).toEqual([FRAMES]);
  const path = `/api/tasks/${tasks[0]!.id}`;
  const meta = await cvat.json<{ frames: { name: string }[] }>('GET', `${path}/data/meta`);
  expect(meta.frames.map((frame) => frame.name)).toEqual(
    Array.from({ length: FRAMES }, (_, n) => `${frameIdOf(n)}.jpg`),
  );
  const { shapes } = await cvat.json<{ shapes: { frame: number; points: number[] }[] }>('GET', `${path}/annotations`);
  const boxes = shapes.map(({ frame, points }) => [frame, ...points]).sort((a, b) => a[0]! - b[0]!);
  expect(boxes).toEqual(Array.from({ length: FRAMES }, (_, n) => [n, xOf(n), 2, xOf(n) + 9, 8]));
}

describe('a worker that is killed while it uploads 300 frames', () => {
  const moments = long ? 20 : 8;
  /** Several uploads go on at once, each held at its moment. In the long form every moment has a kill of its own. */
  const kills = long ? moments : 2;

  it(`at ${moments} random moments leaves one task with the right frames and boxes, each time`, async () => {
    const picture = path.join(folder, 'frame.jpg');
    await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } })
      .jpeg()
      .toFile(picture);
    await (await startUpload('undisturbed', picture, FRAMES)).result();
    await expectOneRightTask('undisturbed');
    const requests = watched.requestsOf(taskNameOf('undisturbed'));
    expect(requests.length).toBeGreaterThan(12);

    const seed = process.env.FRAMELOOP_TEST_SEED ?? String(Date.now());
    const random = seededRandom(seed);
    const hit = Array.from({ length: moments }, (_, n): Moment => {
      // One in each part of the upload, so that they are spread over all of it.
      const request = Math.floor(((n + random()) / moments) * requests.length);
      return { taskName: taskNameOf(`killed-${n}`), request, stage: STAGES[Math.floor(random() * STAGES.length)]! };
    });
    const rounds = [];
    for (let kill = 0; kill < kills; kill++) {
      const together = hit.filter((_, n) => n % kills === kill);
      const { held, release } = watched.hold(together);
      for (const { taskName } of together) rounds.push(await startUpload(nameIn(taskName), picture, FRAMES));
      await held;
      await worker.kill();
      release();
      // What was killed before is tried again meanwhile, and may be hit once more.
      worker = startWorker();
    }
    const ends = rounds.map((round) => roundResult(round).then(({ task }) => task, messageOf));
    expect(await Promise.all(ends)).toMatchObject(hit.map(() => ({ frames: FRAMES, preLabels: FRAMES })));
    for (const { taskName } of hit) await expectOneRightTask(nameIn(taskName));
    const places = hit.map(({ request, stage }) => `${request} ${stage}`).join(', ');
    console.log(`${kills} kills at ${moments} moments of ${requests.length} requests (seed ${seed}): ${places}`);
  }, 1_800_000);
});

describe.runIf(long)('a large upload', () => {
  it('of 2,000 frames, a gigabyte, needs little memory', async () => {
    const noise = path.join(folder, 'noise.jpg');
    // Noise does not compress: half a megabyte each.
    const [width, height] = [900, 700];
    await sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 88 })
      .toFile(noise);
    // What an upload needs at all (code, catalog, connections) is there before the measurement begins.
    await (await startUpload('small', noise, 10)).result();
    const base = await worker.memoryMegabytes();
    let peak = base;
    const round = await startUpload('large', noise, 2000);
    let ended = false;
    const result = round.result().finally(() => (ended = true));
    await until(
      'the upload',
      async () => {
        peak = Math.max(peak, await worker.memoryMegabytes());
        return ended;
      },
      900,
    );
    expect((await result).task).toMatchObject({ frames: 2000, preLabels: 2000 });
    console.log(`memory: ${base.toFixed(0)} MB at the start, ${peak.toFixed(0)} MB at most`);
    expect(peak - base).toBeLessThan(150);
  }, 1_800_000);
});
