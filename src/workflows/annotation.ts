import {
  ActivityFailure,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { AnnotationInput, AnnotationOutcome, TaskReading } from '../activities/types.js';
import { annotationCompleted, annotationProgress } from './messages.js';

/**
 * Waits until people have finished a task. The poll is an activity that fails until something changed, so that waiting
 * for weeks adds nothing to the history; a hint starts it anew, which looks at the server at once.
 */
export async function AnnotationWorkflow(input: AnnotationInput): Promise<AnnotationOutcome> {
  let hints = 0;
  setHandler(annotationCompleted, () => {
    hints += 1;
  });

  const deadline = workflowInfo().startTime.getTime() + input.deadlineSeconds * 1000;
  let known: TaskReading = { state: 'open', jobsDone: -1, jobsTotal: 0 };
  for (;;) {
    const seen = hints;
    const reading = await readUntilChanged(input, known, deadline - Date.now(), () => hints !== seen);
    if (reading === 'timed_out') {
      // A server that never answered has no finished jobs to take.
      return { outcome: 'timed_out', jobsDone: Math.max(0, known.jobsDone), jobsTotal: known.jobsTotal };
    }
    if (reading !== 'hint') {
      known = reading;
      await report(input, known);
      if (known.state !== 'open') {
        const { state, jobsDone, jobsTotal, replacement } = known;
        return { outcome: state, jobsDone, jobsTotal, ...(replacement && { replacement }) };
      }
    }
    if (workflowInfo().continueAsNewSuggested) {
      // A new run starts its own clock: it gets what is left of the deadline.
      await continueAsNew<typeof AnnotationWorkflow>({ ...input, deadlineSeconds: (deadline - Date.now()) / 1000 });
    }
  }
}

/** The next reading that differs from `known`; or the news that a hint came, or that the deadline passed. */
async function readUntilChanged(
  input: AnnotationInput,
  known: TaskReading,
  remainingMs: number,
  hinted: () => boolean,
): Promise<TaskReading | 'hint' | 'timed_out'> {
  if (remainingMs <= 0) return 'timed_out';
  const poll = proxyActivities<Activities>({
    taskQueue: input.queues?.io,
    summary: input.taskUrl,
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: remainingMs,
    cancellationType: 'TRY_CANCEL',
    // The longer nothing happens, the longer it may be until something does.
    retry: {
      initialInterval: input.pollSeconds * 1000,
      backoffCoefficient: 1.5,
      maximumInterval: (input.longestPollSeconds ?? input.pollSeconds) * 1000,
    },
  });
  const scope = new CancellationScope();
  let over = false;
  const reading = scope
    .run(() => poll.pollTask({ ...input, known }))
    .catch((error: unknown) => {
      // Only the cancellation that comes from below, after a hint, is no news: that of the whole workflow must go on.
      if (over && isCancellation(error)) return 'hint' as const;
      if (error instanceof ActivityFailure && isTimeout(error)) return 'timed_out' as const;
      throw error;
    });
  try {
    return await Promise.race([reading, scope.run(() => condition(hinted)).then(() => 'hint' as const)]);
  } finally {
    over = true;
    scope.cancel();
  }
}

/** Some servers end the activity at the deadline, others with its last failure when the next attempt would come after it. */
function isTimeout({ cause, retryState }: ActivityFailure): boolean {
  return cause instanceof TimeoutFailure || retryState === 'TIMEOUT';
}

async function report(input: AnnotationInput, reading: TaskReading): Promise<void> {
  setCurrentDetails(`${reading.jobsDone} of ${reading.jobsTotal} jobs done · [task ${input.taskId}](${input.taskUrl})`);
  if (!input.reportTo) return;
  try {
    const { jobsDone, jobsTotal } = reading;
    await getExternalWorkflowHandle(input.reportTo).signal(annotationProgress, { jobsDone, jobsTotal });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('The round that waits for this task could not be told of its progress', {
      reportTo: input.reportTo,
      error,
    });
  }
}
