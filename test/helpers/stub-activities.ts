import { ApplicationFailure } from '@temporalio/activity';
import type { Activities } from '../../src/activities/index.js';
import type { RoundPlan, TaskReading } from '../../src/activities/types.js';

const round = { roundId: 'r1', folder: '/rounds/r1' };

export const allSteps: RoundPlan['steps'] = {
  download_videos: true,
  fix_video_format: true,
  process_videos: true,
  upload_labels: true,
  download_labels: true,
  clear_empty_labels: true,
};

export const plan: RoundPlan = {
  ...round,
  steps: allSteps,
  concurrentVideos: 2,
  pollSeconds: 3600,
  deadlineSeconds: 86_400,
};

/**
 * Activities for tests of the workflows alone: what they are about is order, waiting and failing, and that is scripted
 * here. `calls` has the name of each call in order; the whole loop with the real activities is tested elsewhere.
 */
export function stubActivities(
  overrides: Partial<Activities> = {},
  videoKeys = [1, 2].map((n) => `video-${Math.random()}-${n}`),
) {
  const calls: string[] = [];
  const task = { round, taskId: Math.floor(Math.random() * 1e9), taskUrl: 'http://cvat.test/tasks/1' };
  const reading: TaskReading = { state: 'open', jobsDone: 0, jobsTotal: 2 };
  const activities: Activities = {
    planRound: () => Promise.resolve(plan),
    listVideos: () =>
      Promise.resolve({
        videos: videoKeys.map((videoKey) => ({ videoKey, source: 'url', url: videoKey })),
        skipped: [],
      }),
    downloadVideo: ({ video }) => Promise.resolve({ file: `/videos/${video.videoKey}.mkv` }),
    fixVideoFormat: ({ video }) => Promise.resolve({ file: `/videos/${video.videoKey}.mp4`, action: 'remux' }),
    processVideo: ({ video }) =>
      Promise.resolve({
        videoKey: video.videoKey,
        frames: 10,
        detections: 30,
        framesWithDetections: 8,
        candidates: 'c',
      }),
    failVideo: () => Promise.resolve(),
    selectFrames: () =>
      Promise.resolve({ candidates: 20, selected: 5, rejected: [{ reason: 'beyond the budget', count: 15 }] }),
    uploadFrames: () => Promise.resolve({ ...task, frames: 5, jobs: 2 }),
    uploadPreLabels: () => Promise.resolve({ boxes: 12 }),
    findOpenTask: () => Promise.resolve(undefined),
    isWaitOfOurs: () => Promise.resolve(true),
    markWaiting: () => Promise.resolve(),
    pollTask: ({ known }) => {
      if (reading.state === 'open' && known.jobsDone === reading.jobsDone)
        throw ApplicationFailure.retryable('open', 'NOT_COMPLETE');
      return Promise.resolve({ ...reading });
    },
    downloadLabels: () =>
      Promise.resolve({
        ...{ reviewed: 4, empty: 1, notReviewed: 0, boxes: 14, warnings: [] },
        changes: { kept: 9, moved: 2, relabelled: 0, deleted: 1, added: 3 },
      }),
    clearEmptyLabels: () => Promise.resolve({ kept: 4, dropped: [{ reason: 'empty', count: 1 }], mendedBoxes: 0 }),
    mergeDataset: () =>
      Promise.resolve({
        ...{ folder: '/dataset', version: 'v1', added: 4, replaced: 0, frames: 4, boxes: 14 },
        bySplit: { train: 3, val: 1, test: 0 },
      }),
    writeReport: () => Promise.resolve({ file: '/rounds/r1/report.html', dataset: '/dataset/report.html' }),
    trainModel: () =>
      Promise.resolve({ model: '/models/v1.onnx', sha256: 'a'.repeat(64), accepted: true, reason: 'taken: better' }),
    finishRound: () => Promise.resolve(),
    releaseRound: () => Promise.resolve({ videos: 2 }),
    ...overrides,
  };
  const recorded = Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      (request: never) => {
        calls.push(name);
        return (activity as (request: never) => unknown)(request);
      },
    ]),
  ) as Activities;
  return { activities: recorded, calls, reading, task, videoKeys };
}
