import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  isCancellation,
  log,
  patched,
  setHandler,
  upsertMemo,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type {
  AnnotationOutcome,
  AnnotationTask,
  DatasetResult,
  DownloadRequest,
  RoundInput,
  RoundPlan,
  RoundReference,
  RoundResult,
  TrainingResult,
  UploadResult,
} from '../activities/types.js';
import { activitiesOn } from './activity-proxies.js';
import type { AnnotationWorkflow } from './annotation.js';
import { collectVideos } from './collect-videos.js';
import { failureCause } from './failure-cause.js';
import { annotationCompleted, annotationProgress, pause, progress, resume, type AnnotationHint } from './messages.js';
import { ProgressTracker } from './round-progress.js';
import { startWait } from './start-wait.js';

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

  const startedAt = workflowInfo().startTime.toISOString();
  const plan = await activitiesOn().quick.planRound({ input: input ?? {}, startedAt });
  const { quick, io, sites, media, reporting, training, cleanup } = activitiesOn(plan.queues);
  const round = { roundId: plan.roundId, folder: plan.folder };
  tracker.update({ roundId: plan.roundId });
  if (plan.searchAttributes) tracker.publish(plan);
  if (plan.memo) upsertMemo(plan.memo);
  const result = emptyResult(plan.roundId);
  if (plan.skip) {
    tracker.enter('skipped');
    return { ...result, state: 'skipped', message: plan.skip };
  }

  let harvested: RoundReference | undefined;
  try {
    await processVideos();
    const task = plan.steps.upload_labels ? await uploadTask() : await fetchOpenTask();
    if (task && plan.steps.upload_labels && plan.steps.download_labels) result.state = await waitAndBringHome(task);
    result.message = describeEnd(result, plan);
    const settled = result.state === 'task_deleted' || (result.state === 'finished' && result.dataset !== undefined);
    harvested = settled ? task?.round : undefined;
    await quick.finishRound({ round, result, harvested });
  } catch (error) {
    tracker.enter('failed');
    await CancellationScope.nonCancellable(() => giveBack(isCancellation(error) ? 'cancelled' : 'failed'));
    throw error;
  }
  // The round has what it wanted by now: whatever becomes of report and training, its videos and frames are settled.
  const { dataset } = result;
  if (harvested && dataset && patched('report')) result.report = await report(harvested);
  if (plan.train && dataset && dataset.added + dataset.replaced > 0) {
    result.training = await train(dataset);
    await quick.finishRound({ round, result });
  }
  tracker.enter('finished');
  if (plan.memo) upsertMemo({ result: result.message, ...(result.task && { task: result.task.url }) });
  return result;

  async function giveBack(state: 'cancelled' | 'failed'): Promise<void> {
    try {
      await cleanup.releaseRound({ round, state });
    } catch (error) {
      log.warn('What the round held is given back when the next one begins', failureCause(error));
    }
  }

  async function processVideos(): Promise<void> {
    if (!plan.steps.download_videos && !plan.steps.process_videos) return;
    tracker.enter('collecting');
    const list = await sites.listVideos({ round });
    result.videos.found = list.videos.length;
    result.videos.skipped = list.skipped;
    tracker.update({ stage: 'processing', videos: { ...tracker.current.videos, found: list.videos.length } });
    const { results, failed, skipped } = await collectVideos(plan, list, tracker);
    result.videos.processed = results.length;
    result.videos.failed = failed;
    result.videos.skipped = [...list.skipped, ...skipped];
    for (const video of results) {
      result.frames.sampled += video.frames;
      result.frames.withDetections += video.framesWithDetections;
    }
  }

  async function uploadTask(): Promise<UploadResult | undefined> {
    tracker.enter('selecting');
    const { selected, rejected } = await media.selectFrames({ round });
    result.frames.selected = selected;
    result.frames.rejected = rejected;
    tracker.update({ frames: { ...tracker.current.frames, selected } });
    if (selected === 0) return undefined;

    tracker.enter('uploading');
    const task = await io.uploadFrames.executeWithOptions({ summary: `${selected} frames` }, [{ round }]);
    const { boxes } = await io.uploadPreLabels.executeWithOptions({ summary: task.taskUrl }, [task]);
    result.task = { id: task.taskId, url: task.taskUrl, frames: task.frames, preLabels: boxes };
    tracker.update({ preLabels: boxes });
    tracker.assign(task, task.jobs);
    return task;
  }

  /** With uploading switched off: brings home the oldest task whose labels nobody has fetched yet. */
  async function fetchOpenTask(): Promise<AnnotationTask | undefined> {
    if (!plan.steps.download_labels) return undefined;
    for (;;) {
      const task = await quick.findOpenTask({ round });
      if (!task) return undefined;
      tracker.assign(task);
      try {
        result.state = await waitAndBringHome(task);
        return task;
      } catch (error) {
        // Another round has chosen it in the same moment, and waits for it now: the next one is looked for.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    }
  }

  /** Waits for people and fetches what they made; waits again when somebody goes on after the task looked complete. */
  async function waitAndBringHome(first: AnnotationTask): Promise<RoundResult['state']> {
    let task = first;
    const deadline = Date.now() + plan.deadlineSeconds * 1000;
    for (let deadlineSeconds = plan.deadlineSeconds; ; deadlineSeconds = (deadline - Date.now()) / 1000) {
      const { outcome, jobsDone, replacement } = await waitForPeople(task, deadlineSeconds);
      if (replacement) {
        task = { ...task, ...replacement };
        tracker.assign(task);
        if (result.task) result.task = { ...result.task, id: task.taskId, url: task.taskUrl };
        continue;
      }
      if (outcome === 'deleted') return 'task_deleted';
      if (outcome === 'timed_out') {
        if (!plan.takeCompletedAtDeadline || jobsDone === 0) return 'timed_out';
        return (await bringHome({ ...task, finishedOnly: true })) === 'deleted' ? 'task_deleted' : 'finished';
      }
      const changed = await bringHome(task);
      if (changed === 'deleted') return 'task_deleted';
      if (!changed) return 'finished';
    }
  }

  async function waitForPeople(task: AnnotationTask, deadlineSeconds: number): Promise<AnnotationOutcome> {
    await quick.markWaiting({ round });
    const waiting = { since: new Date().toISOString(), pollSeconds: plan.pollSeconds };
    tracker.update({ stage: 'waiting', waiting });
    const wait = await startWait(plan, task, deadlineSeconds);
    annotation = wait;
    const outcome = await (plan.takeJobsAsFinished ? takeJobsUntil(wait.result(), task) : wait.result());
    annotation = undefined;
    tracker.update({ waiting: undefined });
    return outcome;
  }

  /** Brings finished jobs home while others are open; what comes later takes the place of what came before. */
  async function takeJobsUntil(end: Promise<AnnotationOutcome>, task: AnnotationTask): Promise<AnnotationOutcome> {
    const finishedJobs = () => tracker.current.task?.jobsDone ?? 0;
    end.catch(() => undefined); // awaited below, when what is being brought home is here
    let taken = 0;
    for (;;) {
      const outcome = await Promise.race([end, condition(() => finishedJobs() > taken).then(() => undefined)]);
      if (outcome) return outcome;
      taken = finishedJobs();
      const { jobsTotal = 0 } = tracker.current.task ?? {};
      // All of them are the business of whoever decides that the task is complete.
      if (taken < jobsTotal) await bringHome({ ...task, finishedOnly: true }, 'waiting');
    }
  }

  /** @returns why nothing was taken, if so: the task was changed since it looked complete */
  async function bringHome(request: DownloadRequest, stage?: 'waiting'): Promise<'reopened' | 'deleted' | undefined> {
    tracker.enter(stage ?? 'downloading');
    const outcome = await io.downloadLabels(request);
    if ('changed' in outcome) return outcome.changed;
    result.review = outcome;
    result.clean = await quick.clearEmptyLabels(request);
    tracker.enter(stage ?? 'merging');
    result.dataset = await io.mergeDataset(request);
    return undefined;
  }

  async function report(about: RoundReference): Promise<RoundResult['report']> {
    try {
      return await reporting.writeReport({ round: about });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failed = failureCause(error);
      log.warn('The report could not be written', failed);
      return { failed };
    }
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
function describeEnd({ state, dataset, task, review, frames, videos }: RoundResult, { steps }: RoundPlan): string {
  if (state === 'timed_out') return 'The deadline passed before the task was complete; the task is left as it is.';
  if (state === 'task_deleted') return 'The task was deleted on the annotation server.';
  if (dataset) {
    const open = review?.notReviewed ? ` ${review.notReviewed} frames were not reviewed.` : '';
    return `${dataset.added} frames added to the dataset, which has ${dataset.frames} now.${open}`;
  }
  if (task) return 'The task is filled; downloading labels is switched off.';
  if (!steps.upload_labels) return `${frames.sampled} frames sampled; uploading is switched off.`;
  return videos.found === 0 ? 'There was no new video.' : 'There was no frame to label.';
}
