import {
  CancellationScope,
  isCancellation,
  log,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type {
  AnnotationOutcome,
  AnnotationTask,
  DatasetResult,
  RoundInput,
  RoundPlan,
  RoundResult,
  TrainingResult,
  UploadResult,
} from '../activities/types.js';
import { cleanup, long, quick, training } from './activity-proxies.js';
import { AnnotationWorkflow } from './annotation.js';
import { collectVideos } from './collect-videos.js';
import { failureCause } from './failure-cause.js';
import { annotationCompleted, annotationProgress, pause, progress, resume, type AnnotationHint } from './messages.js';
import { ProgressTracker } from './round-progress.js';

/**
 * One round of the loop: videos → frames with predictions → the frames worth a person's time → annotation task → people
 * → dataset. Every input is optional: with none, the configuration of the worker holds.
 */
export async function ActiveLearningWorkflow(input: RoundInput = {}): Promise<RoundResult> {
  const tracker = new ProgressTracker();
  let annotation: ChildWorkflowHandle<typeof AnnotationWorkflow> | undefined;
  setHandler(progress, () => tracker.current);
  setHandler(pause, () => tracker.update({ paused: true }));
  setHandler(resume, () => tracker.update({ paused: false }));
  setHandler(annotationProgress, (report) => tracker.annotated(report));
  // A hint that comes before the round waits is no loss: the wait begins with a look at the server.
  setHandler(annotationCompleted, async (hint?: AnnotationHint) => {
    try {
      await annotation?.signal(annotationCompleted, hint);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.info('The hint came when the wait was over', { hint, error });
    }
  });

  const plan = await quick.planRound({ input: input ?? {}, startedAt: workflowInfo().startTime.toISOString() });
  const round = { roundId: plan.roundId, folder: plan.folder };
  tracker.update({ roundId: plan.roundId });
  const result = emptyResult(plan.roundId);
  if (plan.skip) {
    tracker.enter('skipped');
    return { ...result, state: 'skipped', message: plan.skip };
  }

  try {
    await processVideos();
    const task = plan.steps.upload_labels ? await uploadTask() : await openTask();
    if (task && plan.steps.download_labels) {
      const { outcome } = await waitForPeople(task);
      if (outcome === 'complete') await bringHome(task);
      else result.state = outcome === 'deleted' ? 'task_deleted' : 'timed_out';
    }
    result.message = describeEnd(result, plan);
    const settled = result.dataset !== undefined || result.state === 'task_deleted';
    await quick.finishRound({ round, result, harvested: settled ? task?.round : undefined });
  } catch (error) {
    tracker.enter('failed');
    await CancellationScope.nonCancellable(() =>
      cleanup.releaseRound({ round, state: isCancellation(error) ? 'cancelled' : 'failed' }),
    );
    throw error;
  }
  // The round has what it wanted by now: whatever becomes of the training, its videos and frames are settled.
  const { dataset } = result;
  if (plan.train && dataset && dataset.added + dataset.replaced > 0) {
    result.training = await train(dataset);
    await quick.finishRound({ round, result });
  }
  tracker.enter('finished');
  return result;

  async function processVideos(): Promise<void> {
    if (!plan.steps.download_videos && !plan.steps.process_videos) return;
    tracker.enter('collecting');
    const list = await long.listVideos({ round });
    result.videos.found = list.videos.length;
    result.videos.skipped = list.skipped;
    tracker.update({ stage: 'processing', videos: { ...tracker.current.videos, found: list.videos.length } });
    const { results, failed, skipped } = await collectVideos(plan, list, tracker);
    result.videos.skipped = [...list.skipped, ...skipped];
    result.videos.processed = results.length;
    result.videos.failed = failed;
    for (const video of results) {
      result.frames.sampled += video.frames;
      result.frames.withDetections += video.framesWithDetections;
    }
  }

  async function uploadTask(): Promise<UploadResult | undefined> {
    tracker.enter('selecting');
    const { selected, rejected } = await long.selectFrames({ round });
    result.frames.selected = selected;
    result.frames.rejected = rejected;
    tracker.update({ frames: { ...tracker.current.frames, selected } });
    if (selected === 0) return undefined;

    tracker.enter('uploading');
    const task = await long.uploadFrames({ round });
    const { boxes } = await long.uploadPreLabels(task);
    result.task = { id: task.taskId, url: task.taskUrl, frames: task.frames, preLabels: boxes };
    tracker.update({
      preLabels: boxes,
      task: { id: task.taskId, url: task.taskUrl, jobsDone: 0, jobsTotal: task.jobs },
    });
    return task;
  }

  /** With uploading switched off, the oldest task whose labels nobody has fetched yet. */
  async function openTask(): Promise<AnnotationTask | undefined> {
    if (!plan.steps.download_labels) return undefined;
    const task = await quick.findOpenTask({ round });
    if (!task) return undefined;
    tracker.update({ task: { id: task.taskId, url: task.taskUrl, jobsDone: 0, jobsTotal: 0 } });
    return task;
  }

  async function waitForPeople(task: AnnotationTask): Promise<AnnotationOutcome> {
    await quick.markWaiting({ round });
    const waiting = { since: new Date().toISOString(), pollSeconds: plan.pollSeconds };
    tracker.update({ stage: 'waiting', waiting });
    annotation = await startChild(AnnotationWorkflow, {
      workflowId: `cvat-task-${task.taskId}`,
      args: [
        {
          ...task,
          pollSeconds: plan.pollSeconds,
          deadlineSeconds: plan.deadlineSeconds,
          reportTo: workflowInfo().workflowId,
        },
      ],
      staticSummary: task.taskUrl,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
    const outcome = await annotation.result();
    annotation = undefined;
    tracker.update({ waiting: undefined });
    return outcome;
  }

  async function bringHome(task: AnnotationTask): Promise<void> {
    tracker.enter('downloading');
    result.review = await long.downloadLabels(task);
    result.clean = await quick.clearEmptyLabels(task);
    tracker.enter('merging');
    result.dataset = await long.mergeDataset(task);
  }

  async function train({ version }: DatasetResult): Promise<TrainingResult> {
    tracker.enter('training');
    try {
      return await training.trainModel({ round, datasetVersion: version });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failed = failureCause(error);
      log.warn('The training failed; the round goes on with the model it has', failed);
      return { failed };
    }
  }
}

function emptyResult(roundId: string): RoundResult {
  return {
    roundId,
    state: 'finished',
    message: '',
    videos: { found: 0, processed: 0, failed: [], skipped: [] },
    frames: { sampled: 0, withDetections: 0, selected: 0, rejected: [] },
  };
}

/** Why a round ended as it did. */
function describeEnd({ state, dataset, task, frames, videos }: RoundResult, { steps }: RoundPlan): string {
  if (state === 'timed_out') return 'The deadline passed before the task was complete; the task is left as it is.';
  if (state === 'task_deleted') return 'The task was deleted on the annotation server.';
  if (dataset) return `${dataset.added} frames added to the dataset, which has ${dataset.frames} now.`;
  if (task) return 'The task is filled; downloading labels is switched off.';
  if (!steps.upload_labels) return `${frames.sampled} frames sampled; uploading is switched off.`;
  return videos.found === 0 ? 'There was no new video.' : 'There was no frame to label.';
}
