import { getExternalWorkflowHandle, isCancellation, log, setHandler, sleep } from '@temporalio/workflow';
import type { WebhookHintInput } from '../activities/types.js';
import { annotationCompleted, type AnnotationHint } from './messages.js';
import { waitId } from './wait-id.js';

/** A round whose task people finish while it is still being filled waits for it soon; other tasks are none of ours. */
const patienceSeconds = 15 * 60;
const longestPauseSeconds = 30;

/**
 * Keeps a hint that came before anybody waited for the task, and hands it on when somebody does. Any number of hints for
 * one task are one: they meet in the same run.
 */
export async function WebhookHintWorkflow({ taskId }: WebhookHintInput): Promise<'delivered' | 'nobody_waits'> {
  let latest: AnnotationHint | undefined;
  setHandler(annotationCompleted, (hint?: AnnotationHint) => {
    latest = hint;
  });
  const waiting = getExternalWorkflowHandle(waitId(taskId));
  for (let waited = 0, pause = 1; waited <= patienceSeconds; pause = Math.min(pause * 2, longestPauseSeconds)) {
    try {
      await waiting.signal(annotationCompleted, latest);
      return 'delivered';
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.debug('Nobody waits for this task yet', { taskId, error });
    }
    await sleep(pause * 1000);
    waited += pause;
  }
  return 'nobody_waits';
}
