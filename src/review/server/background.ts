import { messageOf } from '../../common/errors.js';
import type { WorkContext } from './context.js';
import { failRequest, nextRequest, startRequest } from './store/requests.js';
import type { RequestRow } from './store/schema.js';

/**
 * One kind of background work. It marks its request as finished in the transaction that stores its result; what it
 * throws becomes the message of the failed request. It may be killed at any moment and is then run again.
 */
export type Work = (
  context: WorkContext,
  request: RequestRow,
  run: { signal: AbortSignal; onProgress: (share: number) => void },
) => Promise<void>;

export interface Background {
  /** Call it after work was put into the queue. */
  wake(): void;
  /** How far the work is, 0..1. */
  progressOf(sequence: number): number;
  /** Stops between two steps; what was begun goes on at the next start. */
  close(): Promise<void>;
}

/** Works through the stored queue, one request after the other, beginning with what an earlier process left. */
export function startBackground(
  context: WorkContext,
  work: Record<RequestRow['action'], Work>,
  log: (line: object) => void,
): Background {
  const stopping = new AbortController();
  const { signal } = stopping;
  const progress = new Map<number, number>();
  let more = false;
  let running: Promise<void> | undefined;

  const runOne = async (request: RequestRow) => {
    try {
      await startRequest(context.store, request.sequence);
      await work[request.action](context, request, {
        signal,
        onProgress: (share) => progress.set(request.sequence, share),
      });
      log({ event: 'request finished', request: request.id });
    } catch (error) {
      // Stopped, not failed: it stays in the queue.
      if (signal.aborted) return;
      log({ event: 'request failed', request: request.id, error: messageOf(error) });
      await failRequest(context.store, request.sequence, messageOf(error));
    } finally {
      progress.delete(request.sequence);
    }
  };

  const runAll = async () => {
    while (more && !signal.aborted) {
      more = false;
      for (;;) {
        const request = signal.aborted ? undefined : await nextRequest(context.store);
        if (request === undefined) break;
        await runOne(request);
      }
    }
  };

  const wake = () => {
    more = true;
    running ??= runAll()
      // Only the database itself can fail here. The queue is stored: the next call finds it as it is.
      .catch((error: unknown) => log({ event: 'background work stopped', error: messageOf(error) }))
      .finally(() => {
        running = undefined;
        // Woken after the last look at the queue.
        if (more && !signal.aborted) wake();
      });
  };

  wake();
  return {
    wake,
    progressOf: (sequence) => progress.get(sequence) ?? 0,
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}
