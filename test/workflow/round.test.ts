import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities, type Activities } from '../../src/activities/index.js';
import { writeRoundFile } from '../../src/activities/round-file.js';
import type { RoundResult } from '../../src/activities/types.js';
import { openCatalog } from '../../src/catalog/index.js';
import { startRound, readProgress, type RoundHandle } from '../../src/client/rounds.js';
import { loadConfig } from '../../src/config/index.js';
import { temporaryFolder, until } from '../helpers/programs.js';
import { progressOf } from '../helpers/progress.js';
import { allSteps, plan, stubActivities } from '../helpers/stub-activities.js';
import { bundleWorkflows, createEnvironment, unique } from '../helpers/workflow-environment.js';

let environment: TestWorkflowEnvironment;
let bundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  [environment, bundle] = await Promise.all([createEnvironment(), bundleWorkflows()]);
});
afterAll(async () => {
  await environment?.teardown();
});

/** Runs a round with a worker of its own; `during` acts while it runs. */
async function play(
  stubs: { activities: Activities },
  during: (handle: RoundHandle) => Promise<void> = () => Promise.resolve(),
): Promise<RoundResult> {
  const taskQueue = unique('queue');
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    activities: stubs.activities,
    workflowBundle: bundle,
    maxHeartbeatThrottleInterval: '100ms',
  });
  return worker.runUntil(async () => {
    const handle = await startRound(environment.client, unique('round'), {}, taskQueue);
    await during(handle);
    return handle.result();
  });
}

const waiting = (handle: RoundHandle) => until('the wait', async () => (await progressOf(handle))?.stage === 'waiting');
const asked = (calls: string[], times: number) =>
  until(`${times} polls`, () => Promise.resolve(calls.filter((name) => name === 'pollTask').length >= times));

describe('a round', () => {
  it('goes from videos to the dataset, each step once and in order', async () => {
    const stubs = stubActivities();
    stubs.reading.state = 'complete';
    const result = await play(stubs);

    expect(result).toMatchObject({
      state: 'finished',
      videos: { found: 2, processed: 2, failed: [], skipped: [] },
      frames: { sampled: 20, withDetections: 16, selected: 5 },
      task: { id: stubs.task.taskId, frames: 5, preLabels: 12 },
      review: { changes: { kept: 9, moved: 2, deleted: 1, added: 3 } },
      dataset: { version: 'v1', added: 4 },
    });
    const perVideo = ['downloadVideo', 'fixVideoFormat', 'processVideo'];
    expect(stubs.calls.filter((name) => !perVideo.includes(name))).toEqual([
      ...['planRound', 'listVideos', 'selectFrames', 'uploadFrames', 'uploadPreLabels', 'markWaiting', 'pollTask'],
      ...['downloadLabels', 'clearEmptyLabels', 'mergeDataset', 'finishRound', 'writeReport'],
    ]);
    for (const name of perVideo) expect(stubs.calls.filter((call) => call === name)).toHaveLength(2);
  });

  it('looks at the task at once when it gets a hint, and believes the server, not the hint', async () => {
    const stubs = stubActivities();
    const result = await play(stubs, async (handle) => {
      await waiting(handle);
      await asked(stubs.calls, 2); // the first reading, and the poll that now sleeps for an hour
      await handle.signal('annotationCompleted', { source: 'test' });
      await asked(stubs.calls, 3);
      expect((await readProgress(handle)).stage).toBe('waiting');
      expect((await readProgress(handle)).task).toMatchObject({ jobsDone: 0, jobsTotal: 2 });
      stubs.reading.state = 'complete';
      await handle.signal('annotationCompleted');
    });
    expect(result.state).toBe('finished');
  });

  it('finds the finished task by its timer when nobody says anything', async () => {
    const stubs = stubActivities({ planRound: () => Promise.resolve({ ...plan, pollSeconds: 0.2 }) });
    const result = await play(stubs, async (handle) => {
      await waiting(handle);
      await asked(stubs.calls, 4);
      stubs.reading.jobsDone = 1;
      await until('progress', async () => (await progressOf(handle))?.task?.jobsDone === 1);
      const eventsOf = async () => (await handle.fetchHistory()).events ?? [];
      await until('the round to rest', async () => (await eventsOf()).at(-1)?.workflowTaskCompletedEventAttributes);
      const { length } = await eventsOf();
      await asked(stubs.calls, 12);
      expect(await eventsOf()).toHaveLength(length); // waiting adds nothing to the history
      stubs.reading.state = 'complete';
    });
    expect(result.state).toBe('finished');
  });

  it('ends with what it has when the deadline passes', async () => {
    const stubs = stubActivities({
      planRound: () => Promise.resolve({ ...plan, pollSeconds: 0.2, deadlineSeconds: 1 }),
    });
    const result = await play(stubs);
    expect(result).toMatchObject({ state: 'timed_out', task: { frames: 5 } });
    expect(result.dataset).toBeUndefined();
    expect(stubs.calls).not.toContain('downloadLabels');
    expect(stubs.calls).toContain('finishRound');
  });

  it('says so when the task was deleted', async () => {
    const stubs = stubActivities();
    stubs.reading.state = 'deleted';
    expect(await play(stubs)).toMatchObject({ state: 'task_deleted' });
  });

  it('goes on without a video that fails, and names it with its reason', async () => {
    const stubs = stubActivities();
    const [bad] = stubs.videoKeys;
    const processVideo = stubs.activities.processVideo;
    stubs.activities.processVideo = (request) => {
      if (request.video.videoKey === bad) throw ApplicationFailure.nonRetryable('It has no picture.', 'VIDEO_UNUSABLE');
      return processVideo(request);
    };
    stubs.reading.state = 'complete';
    const result = await play(stubs);
    expect(result.videos).toMatchObject({
      processed: 1,
      failed: [{ video: bad, code: 'VIDEO_UNUSABLE', message: 'It has no picture.' }],
    });
    expect(result.state).toBe('finished');
    expect(stubs.calls).toContain('failVideo');
  });

  it('takes no new videos while it is paused', async () => {
    let know: (handle: RoundHandle) => void = () => undefined;
    const round = new Promise<RoundHandle>((resolve) => (know = resolve));
    let downloads = 0;
    const stubs = stubActivities(
      {
        planRound: () => Promise.resolve({ ...plan, concurrentVideos: 1 }),
        downloadVideo: async () => {
          if ((downloads += 1) === 1) await (await round).signal('pause');
          return { file: 'f' };
        },
      },
      [1, 2, 3].map((n) => unique(`video-${n}`)),
    );
    stubs.reading.state = 'complete';
    const result = await play(stubs, async (handle) => {
      know(handle);
      await until('the first video', async () => (await progressOf(handle))?.videos.done === 1);
      expect(await readProgress(handle)).toMatchObject({ paused: true, videos: { inFlight: [] } });
      expect(stubs.calls.filter((name) => name === 'downloadVideo')).toHaveLength(1);
      await handle.signal('resume');
    });
    expect(result.videos.processed).toBe(3);
  });

  it('gives back what it claimed when it is cancelled', async () => {
    const released: unknown[] = [];
    const stubs = stubActivities({
      releaseRound: (request) => {
        released.push(request);
        return Promise.resolve({ videos: 2 });
      },
    });
    const round = play(stubs, async (handle) => {
      await waiting(handle);
      await asked(stubs.calls, 2);
      await handle.cancel();
      const wait = environment.client.workflow.getHandle(`cvat-task-${stubs.task.taskId}`);
      await until('the end of the wait', async () => (await wait.describe()).status.name === 'CANCELLED');
    });
    const error = await round.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(released).toEqual([{ round: { roundId: 'r1', folder: '/rounds/r1' }, state: 'cancelled' }]);
  });

  it('gives back what it claimed when it fails, and fails with the code of the cause', async () => {
    const stubs = stubActivities({
      selectFrames: () => Promise.reject(ApplicationFailure.nonRetryable('The hash is none.', 'SELECTION_BAD_HASH')),
    });
    const error = (await play(stubs).catch((reason: unknown) => reason)) as WorkflowFailedError;
    expect(error.cause?.cause).toMatchObject({ type: 'SELECTION_BAD_HASH' });
    expect(stubs.calls.at(-1)).toBe('releaseRound');
  });

  it('ends at once when too many rounds wait for people', async () => {
    const skip = '3 rounds are waiting for annotators';
    const stubs = stubActivities({ planRound: () => Promise.resolve({ ...plan, skip }) });
    expect(await play(stubs)).toMatchObject({ state: 'skipped', message: skip });
    expect(stubs.calls).toEqual(['planRound']);
  });
});

describe('the train hook', () => {
  const training = (overrides: Partial<Activities> = {}) => {
    const stubs = stubActivities({ planRound: () => Promise.resolve({ ...plan, train: true }), ...overrides });
    stubs.reading.state = 'complete';
    return stubs;
  };

  it('trains on the dataset that has grown, after the round has settled its frames', async () => {
    const stubs = training();
    expect((await play(stubs)).training).toMatchObject({ model: '/models/v1.onnx', accepted: true });
    expect(stubs.calls.slice(-4)).toEqual(['finishRound', 'writeReport', 'trainModel', 'finishRound']);
  });

  it('does not train when nothing was added', async () => {
    const { activities } = stubActivities();
    const stubs = training({
      mergeDataset: async (task) => ({ ...(await activities.mergeDataset(task)), added: 0, replaced: 0 }),
    });
    expect((await play(stubs)).training).toBeUndefined();
    expect(stubs.calls).not.toContain('trainModel');
  });

  it('finishes the round when the training fails, and says why it did', async () => {
    const trainModel = () =>
      Promise.reject(ApplicationFailure.nonRetryable('It ended with code 1.', 'TRAINING_FAILED'));
    const result = await play(training({ trainModel }));
    expect(result).toMatchObject({
      state: 'finished',
      dataset: { added: 4 },
      training: { failed: { code: 'TRAINING_FAILED', message: 'It ended with code 1.' } },
    });
  });
});

describe('steps that are switched off', () => {
  const without = (...steps: (keyof typeof allSteps)[]) =>
    stubActivities({
      planRound: () => {
        const off = Object.fromEntries(steps.map((step) => [step, false]));
        return Promise.resolve({ ...plan, steps: { ...allSteps, ...off } });
      },
    });

  it.each([
    { off: ['fix_video_format'] as const, absent: ['fixVideoFormat'], present: ['processVideo', 'mergeDataset'] },
    { off: ['process_videos'] as const, absent: ['processVideo'], present: ['downloadVideo', 'selectFrames'] },
    {
      off: ['upload_labels'] as const,
      absent: ['selectFrames', 'uploadFrames'],
      present: ['processVideo', 'findOpenTask'],
    },
    { off: ['download_labels'] as const, absent: ['markWaiting', 'downloadLabels'], present: ['uploadPreLabels'] },
    {
      off: ['download_videos', 'process_videos'] as const,
      absent: ['listVideos', 'downloadVideo'],
      present: ['selectFrames', 'uploadFrames', 'mergeDataset'],
    },
    {
      off: ['upload_labels', 'download_labels'] as const,
      absent: ['findOpenTask', 'selectFrames', 'markWaiting'],
      present: ['processVideo', 'finishRound'],
    },
  ])('$off: the rest goes on with what is there', async ({ off, absent, present }) => {
    const stubs = without(...off);
    stubs.reading.state = 'complete';
    expect((await play(stubs)).state).toBe('finished');
    for (const name of absent) expect(stubs.calls).not.toContain(name);
    for (const name of present) expect(stubs.calls).toContain(name);
  });

  it('upload off: fetches the labels of the oldest task that waits for it', async () => {
    const stubs = without('upload_labels', 'process_videos', 'download_videos');
    stubs.activities.findOpenTask = () => Promise.resolve(stubs.task);
    stubs.reading.state = 'complete';
    const result = await play(stubs);
    expect(result.dataset).toMatchObject({ added: 4 });
    expect(stubs.calls).toContain('downloadLabels');
  });

  it('upload off: of two rounds that choose one task in the same moment, one takes the next', async () => {
    const stubs = without('upload_labels', 'process_videos', 'download_videos');
    const earlier = { ...stubs.task, round: { roundId: 'r0', folder: '/rounds/r0' } };
    const [first, second] = [earlier, { ...earlier, taskId: earlier.taskId + 1 }];
    const answers = [first, first, second];
    stubs.activities.findOpenTask = () => Promise.resolve(answers.shift());
    const taken: number[] = [];
    const { downloadLabels } = stubs.activities;
    stubs.activities.downloadLabels = (request) => {
      taken.push(request.taskId);
      return downloadLabels(request);
    };
    await play(stubs, async (one) => {
      await waiting(one);
      const other = await startRound(environment.client, unique('round'), {}, (await one.describe()).taskQueue);
      await until('the other round', async () => (await progressOf(other))?.task?.id === second.taskId);
      await waiting(other);
      stubs.reading.state = 'complete';
      await Promise.all([one, other].map((handle) => handle.signal('annotationCompleted')));
      expect(await other.result()).toMatchObject({ state: 'finished', dataset: { added: 4 } });
    });
    expect(taken.sort()).toEqual([first.taskId, second.taskId]);
  });

  it('upload off: takes up a task of whose number another annotation server has one that is waited for', async () => {
    const off = { upload_labels: false, process_videos: false, download_videos: false };
    const stubs = stubActivities();
    const { taskId, taskUrl } = stubs.task;
    const foreign = stubActivities({ uploadFrames: () => Promise.resolve({ ...stubs.task, frames: 5, jobs: 2 }) });
    stubs.reading.state = 'complete';
    const { folder, remove } = await temporaryFolder('waits');
    const real = createActivities({ folder, env: {} });
    const config = await loadConfig({ folder });
    await writeRoundFile(folder, { roundId: 'r1', taskName: 'waits', config });
    const catalog = await openCatalog(config.paths.data);
    const register = (workflowId: string) =>
      catalog.ensureRound({ workflowId, runId: workflowId, folderOf: () => folder, startedAt: '' });
    const inFolder = { round: { roundId: 'r1', folder } };
    stubs.activities.planRound = () => Promise.resolve({ ...plan, ...inFolder.round, steps: { ...allSteps, ...off } });
    stubs.activities.isWaitOfOurs = (request) => real.activities.isWaitOfOurs(request);
    stubs.activities.findOpenTask = () => real.activities.findOpenTask(inFolder);
    try {
      await catalog.updateRound((await register('r0')).id, { taskId, taskUrl, state: 'uploaded' });
      await play(foreign, async (handle) => {
        await waiting(handle);
        expect(await play(stubs)).toMatchObject({ state: 'finished', dataset: { added: 4 } });
        expect(await readProgress(handle)).toMatchObject({ stage: 'waiting' });
        // Were it a round of this data folder, the task would be left to it.
        await register(handle.workflowId);
        expect((await play(stubs)).dataset).toBeUndefined();
        foreign.reading.state = 'complete';
        await handle.signal('annotationCompleted');
      });
    } finally {
      await catalog.close();
      await real.close();
      await remove();
    }
  });
});
