import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/index.js';
import { readProgress, startRound, type RoundHandle } from '../../src/client/rounds.js';
import { until } from '../helpers/programs.js';
import { progressOf } from '../helpers/progress.js';
import { plan, stubActivities } from '../helpers/stub-activities.js';
import { bundleWorkflows, createEnvironment, unique } from '../helpers/workflow-environment.js';

let environment: TestWorkflowEnvironment;
let bundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  [environment, bundle] = await Promise.all([createEnvironment(), bundleWorkflows()]);
});
afterAll(async () => {
  await environment?.teardown();
});

async function play(activities: Activities, during: (handle: RoundHandle) => Promise<void> = () => Promise.resolve()) {
  const taskQueue = unique('queue');
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    activities,
    workflowBundle: bundle,
    maxHeartbeatThrottleInterval: '100ms',
  });
  return worker.runUntil(async () => {
    const handle = await startRound(environment.client, unique('round'), {}, taskQueue);
    await during(handle);
    return handle.result();
  });
}

const planned = (more: Partial<typeof plan>) => ({ planRound: () => Promise.resolve({ ...plan, ...more }) });
const times = (calls: readonly string[], name: string) => calls.filter((call) => call === name).length;

describe('a task that changes while it looks complete', () => {
  it('is waited for again when a job was reopened, and fetched once', async () => {
    const stubs = stubActivities(planned({ pollSeconds: 0.1 }));
    stubs.reading.state = 'complete';
    const { downloadLabels } = stubs.activities;
    let looks = 0;
    stubs.activities.downloadLabels = (request) => {
      if ((looks += 1) === 1) {
        stubs.calls.push('reopened');
        return Promise.resolve({ changed: 'reopened' });
      }
      return downloadLabels(request);
    };
    const result = await play(stubs.activities);
    expect(result).toMatchObject({ state: 'finished', dataset: { added: 4 } });
    expect(times(stubs.calls, 'markWaiting')).toBe(2);
    expect(times(stubs.calls, 'mergeDataset')).toBe(1);
  });

  it('ends the round when it was deleted during the download', async () => {
    const stubs = stubActivities({ downloadLabels: () => Promise.resolve({ changed: 'deleted' }) });
    stubs.reading.state = 'complete';
    expect(await play(stubs.activities)).toMatchObject({ state: 'task_deleted' });
  });

  it('is followed when somebody made it anew', async () => {
    const stubs = stubActivities();
    const { task } = stubs;
    const replacement = { taskId: task.taskId + 1, taskUrl: 'http://cvat.test/tasks/2' };
    const downloaded: number[] = [];
    const { downloadLabels } = stubs.activities;
    stubs.activities.downloadLabels = (request) => {
      downloaded.push(request.taskId);
      return downloadLabels(request);
    };
    stubs.activities.pollTask = ({ taskId }) =>
      Promise.resolve(
        taskId === task.taskId
          ? { state: 'replaced', jobsDone: 0, jobsTotal: 0, replacement }
          : { state: 'complete', jobsDone: 2, jobsTotal: 2 },
      );
    const result = await play(stubs.activities);
    expect(result).toMatchObject({ state: 'finished', task: { id: replacement.taskId, url: replacement.taskUrl } });
    expect(downloaded).toEqual([replacement.taskId]);
  });
});

describe('jobs that are finished while others are open', () => {
  it('come home at once, where that is wanted, and again with the others', async () => {
    const stubs = stubActivities(planned({ pollSeconds: 0.1, takeJobsAsFinished: true }));
    const requests: (boolean | undefined)[] = [];
    const { downloadLabels } = stubs.activities;
    stubs.activities.downloadLabels = (request) => {
      requests.push(request.finishedOnly);
      return downloadLabels(request);
    };
    const result = await play(stubs.activities, async (handle) => {
      await until('the wait', async () => (await progressOf(handle))?.stage === 'waiting');
      stubs.reading.jobsDone = 1;
      await until('the first job in the dataset', () => Promise.resolve(times(stubs.calls, 'mergeDataset') === 1));
      expect((await readProgress(handle)).stage).toBe('waiting');
      Object.assign(stubs.reading, { state: 'complete', jobsDone: 2 });
    });
    expect(result.state).toBe('finished');
    expect(requests).toEqual([true, undefined]);
    expect(times(stubs.calls, 'mergeDataset')).toBe(2);
  });
});

describe('the wait for people', () => {
  it('uses an interval that grows by half up to the longest', async () => {
    const stubs = stubActivities(planned({ pollSeconds: 60, longestPollSeconds: 600 }));
    await play(stubs.activities, async (handle) => {
      await until('a look', () => Promise.resolve(times(stubs.calls, 'pollTask') >= 2));
      const wait = environment.client.workflow.getHandle(`cvat-task-${stubs.task.taskId}`);
      const { events } = await wait.fetchHistory();
      const scheduled = events?.findLast((event) => event.activityTaskScheduledEventAttributes);
      const policy = scheduled?.activityTaskScheduledEventAttributes?.retryPolicy;
      expect(policy?.backoffCoefficient).toBe(1.5);
      expect([Number(policy?.initialInterval?.seconds), Number(policy?.maximumInterval?.seconds)]).toEqual([60, 600]);
      stubs.reading.state = 'complete';
      await handle.signal('annotationCompleted');
    });
  });
});
