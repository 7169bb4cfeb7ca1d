import { Client, Connection } from '@temporalio/client';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { embeddedConnection } from '../../src/activities/index.js';
import { createCvatClient } from '../../src/annotation/index.js';
import { bundledClips, loadClipTruth, reviewTask, type ClipTruth } from '../../src/demo/index.js';
import { projectRoot } from '../../src/tools/index.js';
import { readProgress, startRound, type RoundHandle } from '../../src/client/rounds.js';
import { freePort, startOurs, startTemporal, temporaryFolder, until, type Program } from '../helpers/programs.js';

/** Everything of one loop, each program a process of its own so that it can be killed alone. */
class Loop {
  private temporal!: Program;
  private review!: Program;
  private worker!: Program;
  private connection!: Connection;
  client!: Client;

  constructor(
    readonly folder: string,
    private readonly port: number,
  ) {}

  get data(): string {
    return path.join(this.folder, 'data');
  }

  async start(): Promise<void> {
    const config = {
      sources: { files: [bundledClips()] },
      video: { framerate: 0.5 },
      selection: { budget: 30 },
      cvat: { segment_size: 10, poll: '1s', settle: '0.2s' },
    };
    await writeFile(path.join(this.folder, 'config.yaml'), stringify(config));
    await this.startTemporal();
    this.startReview();
    this.startWorker();
    this.connection = await Connection.connect({ address: `127.0.0.1:${this.port}` });
    this.client = new Client({ connection: this.connection });
  }

  async startTemporal(): Promise<void> {
    this.temporal = await startTemporal(path.join(this.folder, 'temporal.sqlite'), this.port);
  }

  startReview(): void {
    this.review = startOurs('review/server/main.js', ['--data', path.join(this.data, 'review')], { cwd: this.folder });
  }

  startWorker(): void {
    this.worker = startOurs('client/main.js', ['worker', '--quiet'], {
      cwd: this.folder,
      env: {
        TEMPORAL_ADDRESS: `127.0.0.1:${this.port}`,
        MODEL_PATH: path.join(projectRoot(), 'models', 'demo.onnx'),
        ...{ CVAT_HOST: '', CVAT_TOKEN: '', CVAT_USER: '', CVAT_PASSWORD: '', CVAT_PROJECT_ID: '' },
      },
    });
  }

  killWorker = () => this.worker.kill();
  killTemporal = () => this.temporal.kill();
  killReview = () => this.review.kill();

  async cvat() {
    return createCvatClient(await embeddedConnection(this.data));
  }

  async stop(): Promise<void> {
    await this.connection?.close();
    for (const program of [this.worker, this.review, this.temporal]) await program?.stop();
  }
}

/** Waits until the round has reached a stage; gives the id of its task, if it has one. */
async function waitForStage(handle: RoundHandle, stage: string): Promise<number> {
  let last: unknown;
  try {
    return await until(`the stage ${stage}`, async () => {
      const progress = await readProgress(handle).catch((error: unknown) => void (last = error));
      last = progress ?? last;
      return progress?.stage === stage ? (progress.task?.id ?? -1) : undefined;
    });
  } catch (error) {
    throw new Error(`the round stands at ${JSON.stringify(last)}`, { cause: error });
  }
}

/** How many frames are written down so far, over all videos. */
async function framesDone(loop: Loop): Promise<number> {
  const folder = path.join(loop.data, 'rounds', 'round-1', 'candidates');
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    names.filter((name) => !name.startsWith('.')).map((name) => readFile(path.join(folder, name), 'utf8')),
  );
  return texts.join('').split('\n').length - 1;
}

/** Relative path → SHA-256 of every file below a folder. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const hashes = files.sort().map(async (file) => {
    const hash = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return [path.relative(folder, file), hash] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

/** One round with the scripted reviewer; `disturb` does its worst in between. */
async function playRound(
  loop: Loop,
  truth: ClipTruth,
  disturb: { whileProcessing?: () => Promise<void>; whileWaiting?: () => Promise<void> } = {},
) {
  const handle = await startRound(loop.client, 'round-1', {});
  if (disturb.whileProcessing) {
    await until('some frames', async () => (await framesDone(loop)) >= 10);
    await disturb.whileProcessing();
  }
  const taskId = await waitForStage(handle, 'waiting');
  await disturb.whileWaiting?.();
  await reviewTask(await loop.cvat(), taskId, (frame) => truth.boxesOf(frame));
  return handle.result();
}

describe('killed programs', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  let truth: ClipTruth;
  let undisturbed: Record<string, string>;

  async function newLoop(name: string): Promise<Loop> {
    const { folder, remove } = await temporaryFolder(name);
    cleanUps.push(remove);
    const loop = new Loop(folder, await freePort());
    cleanUps.push(() => loop.stop());
    await loop.start();
    return loop;
  }

  beforeAll(async () => {
    truth = await loadClipTruth();
    const loop = await newLoop('undisturbed');
    const result = await playRound(loop, truth);
    expect(result.frames.sampled).toBeGreaterThan(100);
    expect(result.dataset?.frames).toBeGreaterThan(10);
    undisturbed = await contents(path.join(loop.data, 'dataset'));
    await loop.stop();
  });

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  it('leave the dataset of an undisturbed round, byte for byte, and one task', async () => {
    const loop = await newLoop('killed');
    let doneWhenKilled = 0;
    const result = await playRound(loop, truth, {
      async whileProcessing() {
        await loop.killWorker();
        doneWhenKilled = await framesDone(loop);
        loop.startWorker();
      },
      async whileWaiting() {
        await loop.killTemporal();
        await loop.startTemporal();
        await loop.killReview();
        loop.startReview();
        await until('the annotation server', async () => {
          const client = await loop.cvat();
          return client.list('/api/tasks').catch(() => undefined);
        });
      },
    });

    expect(doneWhenKilled).toBeGreaterThanOrEqual(10);
    expect(doneWhenKilled).toBeLessThan(result.frames.sampled);
    expect(await contents(path.join(loop.data, 'dataset'))).toEqual(undisturbed);
    const tasks = await (await loop.cvat()).list<{ id: number; size: number }>('/api/tasks');
    expect(tasks.map(({ size }) => size)).toEqual([result.frames.selected]);
  });
});
