import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pMap from 'p-map';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/common/errors.js';
import {
  createCvatClient,
  mapLabels,
  preflight,
  putPreLabels,
  uploadTask,
  type CvatClient,
  type CvatClientTuning,
  type UploadFrame,
} from '../../src/annotation/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { FAULTS, startFaultyProxy, type Fault } from '../helpers/faulty-proxy.js';
import { repetitions } from './records.js';

const tuning: Partial<CvatClientTuning> = { retryDelayMs: 5, pollMs: 10, batchFiles: 3 };
/** A stall as proxies have it, in the long form. */
const stallMs = 30_000;
/** The patience of the client when a proxy stalls for longer than that. */
const patience = (ms: number) => ({ ...tuning, responseTimeoutMs: ms });

let folder: string;
let server: ReviewServer;
let direct: CvatClient;
let frames: UploadFrame[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-faults-'));
  const picture = await sharp({ create: { width: 16, height: 12, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const file = path.join(folder, 'frame.jpg');
  await writeFile(file, picture);
  frames = Array.from({ length: 5 }, (_, n) => ({ name: `file-a_${String(n).padStart(9, '0')}.jpg`, file }));
  server = await startReviewServer({ dataFolder: path.join(folder, 'server') });
  direct = createCvatClient({ host: server.url, token: server.token }, tuning);
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** A client behind a proxy that spoils the request with one number. */
async function withProxy<T>(
  fault: { kind: Fault; at: number; stallMs?: number } | undefined,
  clientTuning: Partial<CvatClientTuning>,
  use: (client: CvatClient, count: () => number) => Promise<T>,
): Promise<T> {
  let count = 0;
  const spoil = () => (count++ === fault?.at ? fault.kind : undefined);
  const proxy = await startFaultyProxy(server.url, spoil, { stallMs: fault?.stallMs });
  try {
    return await use(createCvatClient({ host: proxy.url, token: server.token }, clientTuning), () => count);
  } finally {
    await proxy.close();
  }
}

/** All that a round asks of the server, tried again as a workflow would: only where the error says that it may help. */
async function bringIn(client: CvatClient, name: string): Promise<number> {
  const detections = [{ classId: 0, label: 'person', confidence: 0.5, x1: 1, y1: 2, x2: 9, y2: 8 }];
  const journalFile = path.join(folder, `${name}.json`);
  for (let attempt = 1; ; attempt++) {
    try {
      const { project } = await preflight(client, {
        ...{ name, labels: ['person'], createLabels: false, importYolo: false, exportFormat: 'YOLO 1.1' },
      });
      const { taskId } = await uploadTask(client, { name, project: project!, frames, segmentSize: 2, journalFile });
      const labelIds = mapLabels(project!, ['person']);
      await putPreLabels(client, taskId, { frames: [{ name: frames[4]!.name, detections }], labelIds });
      return taskId;
    } catch (error) {
      if (!(error instanceof PipelineError) || !error.retryable || attempt === 5) throw error;
    }
  }
}

async function expectOneRightTask(name: string, taskId: number): Promise<void> {
  const tasks = await direct.list<{ id: number }>('/api/tasks', { name });
  expect(tasks.map(({ id }) => id)).toEqual([taskId]);
  const meta = await direct.json<{ frames: { name: string }[] }>('GET', `/api/tasks/${taskId}/data/meta`);
  expect(meta.frames.map((frame) => frame.name)).toEqual(frames.map((frame) => frame.name));
  const jobs = await direct.list<{ start_frame: number; stop_frame: number }>('/api/jobs', { task_id: taskId });
  expect(jobs.map(({ start_frame, stop_frame }) => [start_frame, stop_frame]).sort()).toEqual([
    [0, 1],
    [2, 3],
    [4, 4],
  ]);
  const { shapes } = await direct.json<{ shapes: object[] }>('GET', `/api/tasks/${taskId}/annotations`);
  expect(shapes).toMatchObject([{ frame: 4, points: [1, 2, 9, 8], source: 'auto' }]);
  expect(await direct.list('/api/projects', { name })).toHaveLength(1);
}

describe('one fault at every single request of a round with the annotation server', () => {
  let requests = 0;
  let cases = 0;

  it('none: how many requests there are', async () => {
    await withProxy(undefined, tuning, async (client, count) => {
      await expectOneRightTask('undisturbed', await bringIn(client, 'undisturbed'));
      requests = count();
    });
    expect(requests).toBeGreaterThan(15);
  });

  /** The fault at each request in turn, so many rounds side by side: most of the time is waiting. */
  async function spoilEach(
    fault: { kind: Fault; stallMs?: number },
    { concurrency = 8, clientTuning = tuning },
  ): Promise<void> {
    const numbers = Array.from({ length: requests }, (_, at) => at);
    await pMap(
      numbers,
      async (at) => {
        const name = `${fault.kind} ${at} ${clientTuning.responseTimeoutMs}`;
        await withProxy({ ...fault, at }, clientTuning, async (client) => {
          await expectOneRightTask(name, await bringIn(client, name));
        });
        cases += 1;
      },
      { concurrency },
    );
  }

  it.each(FAULTS.filter((kind) => kind !== 'stall'))('%s: one task, the right frames, the right boxes', (kind) =>
    spoilEach({ kind }, {}),
  );

  const stalls: [string, number | undefined, Partial<CvatClientTuning>][] = [
    ['until the client gives up', undefined, patience(5_000)],
  ];
  if (repetitions > 1) {
    stalls.push(['of 30 s, which the client sits out', stallMs, tuning]);
    stalls.push(['of 30 s, for which the client has no patience', stallMs, patience(20_000)]);
  }
  it.each(stalls)('stall %s: one task, the right frames, the right boxes', (_what, stall, clientTuning) =>
    spoilEach({ kind: 'stall', stallMs: stall }, { concurrency: requests, clientTuning }),
  );

  afterAll(() => console.log(`${cases} cases: a fault at each of ${requests} requests`));
});
