import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRound } from '../../src/client/rounds.js';
import { readJsonLines } from '../../src/common/files.js';
import type { Candidate } from '../../src/common/types.js';
import { findTool } from '../../src/tools/index.js';
import { demoClip, demoModel, runCli, shownError, writeSettings } from '../helpers/cli.js';
import { FrameGate } from '../helpers/frame-gate.js';
import { freePort, startOurs, startTemporal, temporaryFolder, until, type Program } from '../helpers/programs.js';
import { progressOf } from '../helpers/progress.js';

/** One host: a worker process for each role on one data folder, and a Temporal server. */
let folder: string;
let remove: () => Promise<void>;
let address: string;
let connection: Connection;
let client: Client;
const programs: Program[] = [];

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('workers'));
  const port = await freePort();
  address = `127.0.0.1:${port}`;
  programs.push(await startTemporal(undefined, port));
  connection = await Connection.connect({ address });
  client = new Client({ connection });
  // No annotation server: a round takes frames only.
  const off = { enabled: false };
  await writeSettings(
    folder,
    { video: { framerate: 0.5, blank_deviation: 0 }, steps: { upload_labels: off, download_labels: off } },
    { MODEL_PATH: demoModel },
  );
});
afterAll(async () => {
  await connection?.close();
  for (const program of programs.reverse()) await program.stop();
  await remove?.();
});

function startWorker(roles: string[], env: Record<string, string> = {}): Program {
  const worker = startOurs('client/main.js', ['worker', '--quiet', ...roles.flatMap((role) => ['--role', role])], {
    cwd: folder,
    env: { TEMPORAL_ADDRESS: address, ...env },
  });
  programs.push(worker);
  return worker;
}

/** What a container asks whether it is well. */
async function health() {
  const { exitCode, stdout, stderr } = await runCli(['health'], { cwd: folder, env: { TEMPORAL_ADDRESS: address } });
  return { exitCode, workers: stdout, code: shownError(stderr).code };
}

const candidatesOf = async (roundFolder: string, videoKey: string) =>
  readJsonLines<Candidate>(path.join(roundFolder, 'candidates', `${videoKey}.jsonl`));

describe('workers with a role each', () => {
  it('do a round together, each on its task queues, and one that is told to stop hands its video over', async () => {
    expect(await health()).toMatchObject({ exitCode: 1, code: 'WORKER_SILENT' });
    const gate = await FrameGate.create(folder, 10);
    const first = startWorker(['media'], gate.env);
    for (const role of ['workflow', 'io']) startWorker([role]);
    const handle = await startRound(client, 'shared-work', { videos: [demoClip('day')] });
    const roundFolder = path.join(folder, 'data', 'rounds', 'shared-work');
    const [video] = await until('the video', async () => {
      const inFlight = (await progressOf(handle))?.videos.inFlight ?? [];
      return inFlight.length > 0 && inFlight;
    });
    const partial = path.join(roundFolder, 'candidates', `${video}.jsonl.part`);
    await until('some frames', async () => (await readJsonLines(partial).catch(() => [])).length >= 10);

    // It stands at the gate: not even in the time that a stopping worker gives its steps can it finish the video.
    await first.stop();
    expect(first.exitCode).toBe(0);
    const kept = await readJsonLines<Candidate>(partial);
    expect(kept).toHaveLength(10);
    const second = startWorker(['media']);
    const result = await handle.result();

    // 60 s of film, a frame every 0.5 s, plain ones too.
    expect(result).toMatchObject({ state: 'finished', frames: { sampled: 120 } });
    expect(await health()).toMatchObject({
      exitCode: 0,
      workers: expect.stringContaining(`:${second.pid} (media)`) as string,
    });
    const candidates = await candidatesOf(roundFolder, `${video}`);
    expect(new Set(candidates.map(({ frameId }) => frameId)).size).toBe(120);
    expect(candidates.slice(0, kept.length)).toEqual(kept);

    const host = (await readFile(path.join(folder, 'data', 'host-id'), 'utf8')).trim();
    expect([...(await queuesOf('shared-work')), ...(await queuesOf(`video-${video}`))]).toEqual([
      ['planRound', 'active-learning'],
      ['listVideos', `active-learning-${host}-sites`],
      ['finishRound', `active-learning-${host}-io`],
      ['downloadVideo', `active-learning-${host}-io`],
      ['fixVideoFormat', `active-learning-${host}-media`],
      ['processVideo', `active-learning-${host}-media`],
    ]);
  });
});

describe('a worker without a Temporal server', () => {
  it('waits for it, and ends in good order when it is told to meanwhile', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const worker = startWorker([], { TEMPORAL_ADDRESS: nobody });
    await until('it to wait', async () => {
      const log = await readFile(path.join(folder, 'data', 'pipeline.log'), 'utf8').catch(() => '');
      return log.includes(`No Temporal server at ${nobody} yet`);
    });
    expect(await worker.stop()).not.toContain('error[');
    expect(worker.exitCode).toBe(0);
  });
});

describe('what the Temporal UI shows', () => {
  it('is found by search attributes that the worker has made, and described by memo and details', async () => {
    const sha256 = createHash('sha256')
      .update(await readFile(demoModel))
      .digest('hex');
    const model = `demo.onnx@${sha256.slice(0, 12)}`;
    const found = async (query: string) => {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
      return ids;
    };
    const query = `FrameloopStage = 'finished' AND FrameloopModel = '${model}'`;
    await until('the round in the list', async () => (await found(query)).join() === 'shared-work');
    expect(await found("FrameloopRound = 'shared-work' AND WorkflowType = 'VideoWorkflow'")).toHaveLength(1);
    const { memo, staticSummary, staticDetails } = await client.workflow.getHandle('shared-work').describe();
    expect(memo).toEqual({
      round: 'shared-work',
      folder: path.join(folder, 'data', 'rounds', 'shared-work'),
      model,
      result: '120 frames sampled; uploading is switched off.',
    });
    expect(await staticSummary()).toBe('1 named videos');
    expect(await staticDetails()).toContain('match-day.mp4');
  });
});

describe('versioned workers', () => {
  /** A namespace, and what runs one version of the workers in it and makes it the current one. */
  async function versionsIn(namespace: string, env: Record<string, string> = {}) {
    await temporal('operator', 'namespace', 'create', '--namespace', namespace);
    const start = async (buildId: string) => {
      const names = { TEMPORAL_DEPLOYMENT_NAME: 'frameloop', TEMPORAL_WORKER_BUILD_ID: buildId };
      const worker = startWorker([], { TEMPORAL_NAMESPACE: namespace, ...names, ...env });
      const name = ['--deployment-name', 'frameloop', '--build-id', buildId];
      await until(`version ${buildId}`, () =>
        temporal('worker', 'deployment', 'set-current-version', '-n', namespace, ...name, '--yes').catch(() => false),
      );
      return worker;
    };
    return { start, in: new Client({ connection, namespace }) };
  }

  /** A round that is paused from its first moment on; `videos` are there, and it takes one. */
  async function pausedRound(versioned: Client, ...videos: string[]) {
    const round = await versioned.workflow.signalWithStart('ActiveLearningWorkflow', {
      ...{ workflowId: 'waiting', taskQueue: 'active-learning', signal: 'pause' },
      args: [{ videos, config: { video: { framerate: 30 }, sources: { max_videos: 1 } } }],
    });
    await until('the round', async () => (await progressOf(round))?.stage === 'processing');
    return round;
  }

  it('hand a waiting round over to the next version; a namespace with other search attributes does no harm', async () => {
    const versions = await versionsIn('versions');
    const attribute = ['--name', 'FrameloopTask', '--type', 'Bool'];
    await temporal('operator', 'search-attribute', 'create', '-n', 'versions', ...attribute);
    const first = await versions.start('one');
    // One video too many for a round.
    const round = await pausedRound(versions.in, demoClip('night'), demoClip('mixed'));
    expect(await versionOf(versions.in)).toMatchObject({ behavior: 2, deploymentVersion: { buildId: 'one' } });
    await versions.start('two');
    await first.stop();
    await round.signal('resume');
    expect(await round.result()).toMatchObject({
      state: 'finished',
      frames: { sampled: 2 },
      videos: { found: 1, skipped: [{ code: 'ROUND_FULL' }] },
    });
    expect(await versionOf(versions.in)).toMatchObject({
      deploymentVersion: { deploymentName: 'frameloop', buildId: 'two' },
    });
    const attributes = (await round.describe()).typedSearchAttributes.getAll();
    expect(attributes.filter(({ key }) => key.name.startsWith('Frameloop'))).toEqual([]);
  });

  it('that are pinned keep the round that they began, while new ones begin with the next version', async () => {
    const versions = await versionsIn('pinned', { FRAMELOOP_VERSIONING: 'pinned' });
    await versions.start('one');
    const round = await pausedRound(versions.in, demoClip('mixed'));
    await versions.start('two');
    await round.signal('resume');
    expect(await round.result()).toMatchObject({ state: 'finished', frames: { sampled: 2 } });
    expect(await versionOf(versions.in)).toMatchObject({ behavior: 1, deploymentVersion: { buildId: 'one' } });
    await (await startRound(versions.in, 'next', { videos: [demoClip('mixed')] })).result();
    expect(await versionOf(versions.in, 'next')).toMatchObject({ behavior: 1, deploymentVersion: { buildId: 'two' } });
  });

  const versionOf = async (versioned: Client, workflowId = 'waiting') =>
    (await versioned.workflow.getHandle(workflowId).describe()).raw.workflowExecutionInfo?.versioningInfo;
});

async function temporal(...args: string[]): Promise<string> {
  const { path: cli } = await findTool('temporal');
  return (await execa(cli, [...args, '--address', address])).stdout;
}

/** The activities of a workflow in order, each with its task queue. */
async function queuesOf(workflowId: string): Promise<[string, string][]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled ? [[`${scheduled.activityType?.name}`, `${scheduled.taskQueue?.name}`] as [string, string]] : [],
  );
}
