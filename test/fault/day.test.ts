import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoundResult } from '../../src/activities/types.js';
import { completeJobs, cutClip, runCli, waitingTasks } from '../helpers/cli.js';
import { startFaultyProxy, type FaultyProxy } from '../helpers/faulty-proxy.js';
import { freePort, startTemporal, temporaryFolder, until, type Program } from '../helpers/programs.js';
import '../helpers/workflow-environment.js';
import { outcomeOf, processesIn } from './outcome.js';
import { repetitions } from './records.js';
import { replayAll } from './replay.js';
import { patience, Rig } from './rig.js';

/**
 * An hour of the day that is played takes so long, on a slow or busy machine more: a round has to fit in. The shortest
 * interval of a schedule is a second.
 */
let hourMs = 8_000;
const longestHourMs = 16_000;
const hours = 24;
const videos = 32;
/** People need longer for a task than a schedule of four rounds an hour makes them. */
const hoursPerTask = 2;
const serverDiesAt = 12;
const annotationServerAwayAt = 16;
const awayHours = 0.5;

let folder: string;
let remove: () => Promise<void>;
let port: number;
let server: Program;
let rig: Rig;
let proxy: FaultyProxy;
let away = false;
const incoming = () => path.join(folder, 'incoming');

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('day'));
  port = await freePort();
});
afterAll(async () => {
  await rig?.stop();
  await proxy?.close();
  await server?.stop();
  await remove?.();
});

const startServer = () => startTemporal(path.join(folder, 'temporal.sqlite'), port);

async function startWorker(): Promise<Program> {
  const { token } = await rig.connection();
  return rig.startWorker({ CVAT_HOST: proxy.url, CVAT_TOKEN: token });
}

/** Puts every video into the folder at its time, whole from the first moment on. */
async function deliverVideos(): Promise<void> {
  const footage = ['day', 'night', 'mixed'] as const;
  for (let n = 0; n < videos; n += 1) {
    const from = footage[n % footage.length] ?? 'day';
    const file = await cutClip(path.join(folder, `match-${n}.mp4`), from, Math.floor(n / footage.length) * 5, 5);
    await rename(file, path.join(incoming(), path.basename(file)));
    await sleep((hours * hourMs) / videos);
  }
}

/** People who take the oldest task and are done with it after their hours; past the proxy, since they have their own way. */
async function reviewTasks(ended: () => boolean): Promise<void> {
  const cvat = await rig.cvat();
  const done = new Set<number>();
  while (!ended()) {
    await sleep(ended() ? 0 : hourMs / 4);
    for (const id of await waitingTasks(rig.data)) {
      if (done.has(id)) continue;
      done.add(id);
      await sleep(hoursPerTask * hourMs);
      await completeJobs(cvat, id);
    }
  }
}

/** Hour by hour: a new worker takes over from the old one; once the server dies, once the annotation server is away. */
async function passTheHours(): Promise<void> {
  let worker = await startWorker();
  for (let hour = 1; hour <= hours; hour += 1) {
    if (hour === annotationServerAwayAt) {
      away = true;
      await sleep(awayHours * hourMs);
      away = false;
      await sleep((1 - awayHours) * hourMs);
    } else await sleep(hourMs);
    if (hour === serverDiesAt) {
      await server.kill();
      server = await startServer();
    }
    await worker.stop();
    worker = await startWorker();
  }
}

const rounds = `WorkflowType = 'ActiveLearningWorkflow'`;

async function resultsOfRounds(): Promise<RoundResult[]> {
  const results: RoundResult[] = [];
  for await (const { workflowId, runId } of rig.client.workflow.list({ query: rounds })) {
    results.push((await rig.client.workflow.getHandle(workflowId, runId).result()) as RoundResult);
  }
  return results;
}

/** Minutes of real time: only in the long form of the suite. */
describe.runIf(repetitions > 1)('a day with a round every quarter of an hour', () => {
  it(
    'ends every round rightly and does nothing twice, whatever restarts and is away',
    { timeout: 40 * 60_000 },
    async () => {
      await mkdir(incoming());
      server = await startServer();
      const before = Date.now();
      await runCli(['--version'], { cwd: folder });
      // A tenth of a second on a machine that has nothing else to do.
      hourMs = Math.min(longestHourMs, Math.max(hourMs, 40 * (Date.now() - before)));
      rig = await Rig.start({
        ...{ address: `127.0.0.1:${port}`, namespace: 'default', clip: incoming() },
        config: {
          max_open_rounds: 2,
          schedules: [{ id: 'quarterly', every: `${Math.round(hourMs / 4000)}s` }],
          video: { framerate: 0.5, blank_deviation: 0 },
        },
      });
      proxy = await startFaultyProxy((await rig.connection()).host, () => (away ? '503' : undefined));
      expect((await runCli(['schedule', 'apply'], { cwd: rig.folder, env: rig.env })).exitCode).toBe(0);

      let over = false;
      const people = reviewTasks(() => over);
      await Promise.all([deliverVideos(), passTheHours()]);
      await rig.client.schedule.getHandle('quarterly').delete();
      const running = `${rounds} AND ExecutionStatus = 'Running'`;
      await until('all rounds to end', async () => (await rig.client.workflow.count(running)).count === 0, 300);
      // What came too late for the last round of the schedule.
      await (await rig.startRound({}, 'last')).result();
      over = true;
      await people;

      const results = await resultsOfRounds();
      const withTask = results.filter(({ task }) => task !== undefined);
      const skipped = results.filter(({ state }) => state === 'skipped');
      expect(results.filter(({ state }) => state !== 'finished' && state !== 'skipped')).toEqual([]);
      expect(results.flatMap(({ videos: { failed } }) => failed)).toEqual([]);
      expect(Math.min(skipped.length, withTask.length)).toBeGreaterThanOrEqual(3);

      const outcome = await outcomeOf(rig);
      const frames = outcome.filter((line) => line.startsWith('frame of a task'));
      expect(new Set(frames).size).toBe(frames.length);
      expect(frames).toHaveLength(withTask.reduce((sum, { task }) => sum + (task?.frames ?? 0), 0));
      expect(outcome.filter((line) => line === 'task')).toHaveLength(withTask.length);
      expect(outcome.filter((line) => line === 'in the catalog: processed')).toHaveLength(videos);
      expect(outcome.filter((line) => /^round (?!finished|skipped)|\.(part|tmp)\b|upload\.json/.test(line))).toEqual(
        [],
      );
      const candidates = outcome.filter((line) => line.startsWith('candidate'));
      expect(new Set(candidates).size).toBe(candidates.length);
      expect(candidates).toHaveLength(results.reduce((sum, { frames: { sampled } }) => sum + sampled, 0));
      expect(results.reduce((sum, { videos: { processed } }) => sum + processed, 0)).toBe(videos);

      const { histories, longest } = await replayAll(rig.client, '');
      expect(longest).toBeLessThan(2_000);
      await rig.halt();
      await until('all programs to have ended', async () => (await processesIn(rig.folder)).length === 0, patience);
      console.log(
        `${hours} h: ${results.length} rounds, ${skipped.length} of them skipped, ${withTask.length} tasks, ` +
          `${frames.length} frames labelled of ${candidates.length}; ${hours} worker restarts, ` +
          `${histories} histories replayed, the longest of ${longest} events`,
      );
    },
  );
});
