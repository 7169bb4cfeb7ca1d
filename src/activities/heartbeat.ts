import { asyncLocalStorage, cancellationSignal, heartbeat } from '@temporalio/activity';

/** Well below the heartbeat timeout of the long activities (30 s): one lost beat does no harm. */
export const beatEveryMs = 5_000;

/**
 * Runs `work` while telling Temporal that it lives: that is how a dead worker is noticed, and how a cancellation
 * arrives, as the `signal`. `report` sets what the heartbeat shows. Called outside Temporal, by a single step of the
 * command line, it just works.
 */
export async function withHeartbeat<T>(
  work: (signal: AbortSignal, report: (details: Record<string, unknown>) => void) => Promise<T>,
): Promise<T> {
  if (asyncLocalStorage.getStore() === undefined) return work(new AbortController().signal, () => undefined);
  let details: Record<string, unknown> = {};
  const timer = setInterval(() => heartbeat(details), beatEveryMs);
  try {
    heartbeat(details);
    return await work(cancellationSignal(), (next) => {
      details = next;
    });
  } finally {
    clearInterval(timer);
  }
}
