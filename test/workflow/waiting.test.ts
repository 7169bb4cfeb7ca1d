import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { writeRoundFile } from '../../src/activities/round-file.js';
import { createCvatClient, ensureProject, uploadTask, type CvatClient } from '../../src/annotation/index.js';
import { startRound, type RoundHandle } from '../../src/client/rounds.js';
import { loadConfig } from '../../src/config/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { findChecker } from '../helpers/checkers.js';
import { completeJobs } from '../helpers/cli.js';
import { temporaryFolder, until } from '../helpers/programs.js';
import { plan, stubActivities } from '../helpers/stub-activities.js';
import { bundleWorkflows, unique } from '../helpers/workflow-environment.js';

type Stubs = ReturnType<typeof stubActivities>;

/** Temporal's test server, whose clock a test can turn on. */
const timeSkipping = findChecker('temporal-test-server');
const without = timeSkipping ? '' : ' (skipped: no temporal-test-server; scripts/ci/checkers.sh installs it)';

const firstPauseSeconds = 60;
const longestPauseSeconds = 600;

/** Looks in so many seconds, with a pause that begins at a minute and grows by half up to ten minutes. */
function looksIn(seconds: number): number {
  let looks = 1;
  let pause = firstPauseSeconds;
  for (let at = pause; at <= seconds; at += pause) {
    looks += 1;
    pause = Math.min(pause * 1.5, longestPauseSeconds);
  }
  return looks;
}

describe.skipIf(!timeSkipping)(`a round that nobody tells anything${without}`, () => {
  let folder: string;
  let remove: () => Promise<void>;
  let server: ReviewServer;
  let cvat: CvatClient;
  let environment: TestWorkflowEnvironment;
  let client: Client;
  let bundle: WorkflowBundleWithSourceMap;

  beforeAll(async () => {
    ({ folder, remove } = await temporaryFolder('waiting'));
    server = await startReviewServer({ dataFolder: path.join(folder, 'data', 'review') });
    cvat = createCvatClient({ host: server.url, token: server.token });
    const executable = { type: 'existing-path', path: timeSkipping ?? '' } as const;
    environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    client = new Client({ connection: environment.connection });
    bundle = await bundleWorkflows();
  });
  afterAll(async () => {
    await environment?.teardown();
    await server?.close();
    await remove?.();
  });

  /** A round on these activities, by a client that leaves the clock alone while it waits for a result. */
  async function play({ activities }: Stubs, during: (handle: RoundHandle) => Promise<void>): Promise<void> {
    const taskQueue = unique('queue');
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      activities,
      workflowBundle: bundle,
    });
    await worker.runUntil(async () => during(await startRound(client, unique('round'), {}, taskQueue)));
  }

  /** A task of two jobs on the annotation server, and the round that it belongs to. */
  async function fillTask() {
    const frames = await Promise.all(
      [1, 2].map(async (n) => {
        const file = path.join(folder, `file-0123456789ab_00000000${n}.jpg`);
        await sharp({ create: { width: 16, height: 12, channels: 3, background: 'red' } }).toFile(file);
        return { name: path.basename(file), file };
      }),
    );
    const project = await ensureProject(cvat, { name: 'waiting', labels: ['ball'] });
    const { taskId, url, jobs } = await uploadTask(cvat, { name: 'waiting', project, frames, segmentSize: 1 });
    const round = { roundId: 'r1', folder };
    await writeRoundFile(folder, { roundId: 'r1', taskName: 'waiting', project, config: await loadConfig({ folder }) });
    return { round, taskId, taskUrl: url, frames: 2, jobs };
  }

  it('looks by itself: 24 hours of it add no event to a history, and it ends when people are done', async () => {
    const task = await fillTask();
    const real = createActivities({ folder, env: {} });
    const waiting = { pollSeconds: firstPauseSeconds, longestPollSeconds: longestPauseSeconds };
    const stubs = stubActivities({
      planRound: () => Promise.resolve({ ...plan, ...task.round, ...waiting, deadlineSeconds: 7 * 86_400 }),
      uploadFrames: () => Promise.resolve(task),
      pollTask: (request) => real.activities.pollTask(request),
    });
    const looks = () => stubs.calls.filter((call) => call === 'pollTask').length;
    await play(stubs, async (handle) => {
      const wait = client.workflow.getHandle(`cvat-task-${task.taskId}`);
      const eventsOf = async (of: { fetchHistory: typeof handle.fetchHistory }) =>
        (await of.fetchHistory()).events ?? [];
      const events = async () => [(await eventsOf(handle)).length, (await eventsOf(wait)).length];
      // The first look brings news, of which the round is told: how many jobs there are. From the second on there is none.
      await until('the wait', () => Promise.resolve(looks() >= 2));
      await until(
        'the round to rest',
        async () => (await eventsOf(handle)).at(-1)?.workflowTaskCompletedEventAttributes,
      );
      const [before, looksBefore] = [await events(), looks()];
      for (let hour = 0; hour < 24; hour++) await environment.sleep('1h');
      expect(await events()).toEqual(before);
      const expected = looksIn(24 * 3600);
      expect(looks() - looksBefore).toBeGreaterThan(expected * 0.9);
      expect(looks() - looksBefore).toBeLessThanOrEqual(expected);
      console.log(`24 hours: ${looks() - looksBefore} looks, ${before.join(' and ')} events before and after`);

      await completeJobs(cvat, task.taskId);
      await environment.sleep(`${2 * longestPauseSeconds} seconds`);
      expect(await handle.result()).toMatchObject({ state: 'finished', dataset: { added: 4 } });
    });
    await real.close();
  });

  it.each([
    ['takes what is finished', 1, { state: 'finished', dataset: { added: 4 } }, [true]],
    ['takes nothing where nothing is', 0, { state: 'timed_out' }, []],
    ['takes nothing of a server that never answered', undefined, { state: 'timed_out' }, []],
  ])('at its deadline, a day later, %s', async (_case, jobsDone, result, downloads) => {
    const stubs = stubActivities({
      planRound: () => Promise.resolve({ ...plan, takeCompletedAtDeadline: true }),
      ...(jobsDone === undefined && { pollTask: () => Promise.reject(new Error('away')) }),
    });
    stubs.reading.jobsDone = jobsDone ?? 0;
    const requests: unknown[] = [];
    const { downloadLabels } = stubs.activities;
    stubs.activities.downloadLabels = (request) => {
      requests.push(request.finishedOnly);
      return downloadLabels(request);
    };
    await play(stubs, async (handle) => {
      await until('the wait', () => Promise.resolve(stubs.calls.includes('pollTask')));
      await environment.sleep(`${plan.deadlineSeconds + 3600} seconds`);
      expect(await handle.result()).toMatchObject(result);
    });
    expect(requests).toEqual(downloads);
  });
});
