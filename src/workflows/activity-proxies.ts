import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { HostQueues } from '../activities/types.js';

/**
 * Retries are bounded by time, not by a small number of attempts: the shutdown of a worker counts as a failed attempt.
 * What cannot get better is thrown as non-retryable by the activities themselves.
 */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' } as const;

/** Looks at the catalog or a few files: seconds. */
const quick = { startToCloseTimeout: '2m', scheduleToCloseTimeout: '1h', retry } satisfies ActivityOptions;

/** Moves or computes much. A worker that dies is noticed after `heartbeatTimeout`. */
const long = {
  startToCloseTimeout: '6h',
  scheduleToCloseTimeout: '24h',
  heartbeatTimeout: '30s',
  retry,
} satisfies ActivityOptions;

/**
 * The activities, by how long they may take and where they run. Without `queues` they run where the workflow does: so
 * do the planning of a round, and all of a round that was planned before hosts had queues of their own. The UI shows
 * `summary` beside each.
 */
export function activitiesOn(queues?: HostQueues, summary?: string) {
  const on = (taskQueue: string | undefined, options: ActivityOptions) =>
    proxyActivities<Activities>({ ...options, taskQueue, summary });
  return {
    quick: on(queues?.io, quick),
    /** Annotation server and dataset. */
    io: on(queues?.io, long),
    /** Sites with videos. */
    sites: on(queues?.sites, long),
    media: on(queues?.media, long),
    /** Nobody waits for a report: when it fails a few times, the round ends without it. */
    reporting: on(queues?.media, {
      startToCloseTimeout: '1h',
      heartbeatTimeout: '30s',
      retry: { ...retry, maximumAttempts: 3 },
    }),
    /** A trainer may take days. Only the loss of a worker is tried again: what fails by itself is not retryable. */
    training: on(queues?.media, {
      startToCloseTimeout: '14d',
      scheduleToCloseTimeout: '30d',
      heartbeatTimeout: '60s',
      retry,
    }),
    /**
     * Gives back what a round held, whatever happened before. Where no worker of the host is there to do it, the round
     * ends without: the next one of that host does it.
     */
    cleanup: on(queues?.io, {
      ...quick,
      scheduleToStartTimeout: '1m',
      retry: { ...retry, maximumInterval: '30s' },
    }),
  };
}
