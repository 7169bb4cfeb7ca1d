import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

/**
 * Retries are bounded by time, not by a small number of attempts: the shutdown of a worker counts as a failed attempt.
 * What cannot get better is thrown as non-retryable by the activities themselves.
 */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' } as const;

/** Looks at the catalog or a few files: seconds. */
export const quick = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '1h',
  retry,
});

/** Moves or computes much. A worker that dies is noticed after `heartbeatTimeout`. */
export const long = proxyActivities<Activities>({
  startToCloseTimeout: '6h',
  scheduleToCloseTimeout: '24h',
  heartbeatTimeout: '30s',
  retry,
});

/** Nobody waits for a report: when it fails a few times, the round ends without it. */
export const reporting = proxyActivities<Activities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '30s',
  retry: { ...retry, maximumAttempts: 3 },
});

/** A trainer may take days. Only the loss of a worker is tried again: what fails by itself is not retryable. */
export const training = proxyActivities<Activities>({
  startToCloseTimeout: '14d',
  scheduleToCloseTimeout: '30d',
  heartbeatTimeout: '60s',
  retry,
});

/** Gives back what a round held, whatever happened before. */
export const cleanup = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '1h',
  retry: { ...retry, maximumInterval: '30s' },
});
