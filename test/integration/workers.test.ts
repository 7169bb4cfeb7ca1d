import { Client, Connection } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRound } from '../../src/client/rounds.js';
import { readJsonLines } from '../../src/common/files.js';
import type { Candidate } from '../../src/common/types.js';
import { demoClip, demoModel, writeSettings } from '../helpers/cli.js';
import { freePort, startOurs, startTemporal, temporaryFolder, until, type Program } from '../helpers/programs.js';

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
  programs.push(await startTemporal(path.join(folder, 'temporal.sqlite'), port));
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

function startWorker(role: string, env: Record<string, string> = {}): Program {
  const worker = startOurs('client/main.js', ['worker', '--quiet', '--role', role], {
    cwd: folder,
    env: { TEMPORAL_ADDRESS: address, ...env },
  });
  programs.push(worker);
  return worker;
}

const candidatesOf = async (roundFolder: string, videoKey: string) =>
  readJsonLines<Candidate>(path.join(roundFolder, 'candidates', `${videoKey}.jsonl`));

describe('workers with a role each', () => {
  it('do a round together, each on its task queues, and one that is told to stop hands its video over', async () => {
    const first = startWorker('media');
    for (const role of ['workflow', 'io']) startWorker(role);
    const handle = await startRound(client, 'shared-work', { videos: [demoClip('day')] });
    const roundFolder = path.join(folder, 'data', 'rounds', 'shared-work');
    const [video] = await until('the video', async () => {
      const { inFlight } = (await handle.query<{ videos: { inFlight: string[] } }>('progress')).videos;
      return inFlight.length > 0 && inFlight;
    });
    const partial = path.join(roundFolder, 'candidates', `${video}.jsonl.part`);
    await until('some frames', async () => (await readJsonLines(partial).catch(() => [])).length >= 10);

    await first.stop();
    expect(first.exitCode).toBe(0);
    const kept = await readJsonLines<Candidate>(partial);
    expect(kept.length).toBeLessThan(120);
    startWorker('media');
    const result = await handle.result();

    // 60 s of film, a frame every 0.5 s, plain ones too.
    expect(result).toMatchObject({ state: 'finished', frames: { sampled: 120 } });
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

/** The activities of a workflow in order, each with its task queue. */
async function queuesOf(workflowId: string): Promise<[string, string][]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled ? [[`${scheduled.activityType?.name}`, `${scheduled.taskQueue?.name}`] as [string, string]] : [],
  );
}
