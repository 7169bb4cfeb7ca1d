import { activityInfo, ApplicationFailure, cancellationSignal, CancelledFailure, log } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { messageOf, PipelineError } from '../common/errors.js';
import { count } from './telemetry.js';

/** The first of an ApplicationFailure's details: its message without the hint, and the hint. */
export interface FailureDetails {
  message: string;
  hint?: string;
}

/** Turns what a domain module threw into what Temporal retries or not; the one place where the two meet. */
function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (cancellationSignal().aborted) {
    const reason: unknown = cancellationSignal().reason;
    return reason instanceof Error ? reason : new CancelledFailure(messageOf(reason));
  }
  if (error instanceof PipelineError) {
    return ApplicationFailure.create({
      type: error.code,
      message: error.hint ? `${error.message} ${error.hint}` : error.message,
      nonRetryable: !error.retryable,
      nextRetryDelay: error.retryAfterMs,
      // The Temporal UI shows the message only; the command line shows the two apart.
      details: [{ message: error.message, hint: error.hint } satisfies FailureDetails],
    });
  }
  // The stack stays in the worker's log; the history gets the message only.
  log.error(`${activityInfo().activityType} failed`, { error: error instanceof Error ? error.stack : error });
  return ApplicationFailure.create({ type: 'UNEXPECTED', message: messageOf(error), nonRetryable: false });
}

/** Neither a cancellation nor a poll that finds nothing new is an error. */
function countFailure(failure: Error, activity: string): void {
  if (!(failure instanceof ApplicationFailure) || failure.category === ApplicationFailureCategory.BENIGN) return;
  count('errors', 1, { code: failure.type ?? 'UNKNOWN', activity, retryable: !failure.nonRetryable });
}

type AnyActivity = (...args: never[]) => Promise<unknown>;

/** Every activity with its errors mapped by {@link toFailure}. */
export function withFailures<T extends Record<string, AnyActivity>>(activities: T): T {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        const failure = toFailure(error);
        countFailure(failure, name);
        throw failure;
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}
