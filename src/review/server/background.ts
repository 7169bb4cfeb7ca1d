import { messageOf } from '../../common/errors.js';
import type { WorkContext } from './context.js';
import { failRequest, interruptRequest, nextRequest, startRequest } from './store/requests.js';
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
  /** Stops work that was taken out of the queue, where it is being done. */
  stop(sequence: number): void;
  /** Stops between two steps; what was begun goes on at the next start. */
  close(): Promise<void>;
}

/** Work that waits for other work of its own kind only: a long export holds up no creation. */
const queues: readonly (readonly RequestRow['action'][])[] = [['create', 'import'], ['export']];

/** How often work is begun that ends the process each time. */
const mostAttempts = 3;

/** Works through the stored queues, one request of each after the other, beginning with what an earlier process left. */
export function startBackground(
  context: WorkContext,
  work: Record<RequestRow['action'], Work>,
  log: (line: object) => void,
): Background {
  const stopping = new AbortController();
  const running = new Map<number, { progress: number; stopped: AbortController }>();

  const runOne = async (request: RequestRow) => {
    const { sequence, id } = request;
    if (request.attempts >= mostAttempts) {
      log({ event: 'request given up', request: id });
      await failRequest(context.store, sequence, `The work was interrupted ${request.attempts} times.`);
      return context.events.completed(id);
    }
    const run = { progress: 0, stopped: new AbortController() };
    running.set(sequence, run);
    const signal = AbortSignal.any([stopping.signal, run.stopped.signal]);
    try {
      if (!(await startRequest(context.store, sequence))) return;
      await work[request.action](context, request, { signal, onProgress: (share) => (run.progress = share) });
      log({ event: 'request finished', request: id });
    } catch (error) {
      // Stopped, not failed: it stays in the queue, or was taken out of it.
      if (signal.aborted) return await interruptRequest(context.store, sequence);
      log({ event: 'request failed', request: id, error: messageOf(error) });
      await failRequest(context.store, sequence, messageOf(error));
    } finally {
      running.delete(sequence);
    }
    await context.events.completed(id);
  };

  const lanes = queues.map((actions) =>
    startLane(
      async () => {
        for (;;) {
          const request = stopping.signal.aborted ? undefined : await nextRequest(context.store, actions);
          if (request === undefined) return;
          await runOne(request);
        }
      },
      // Only the database itself can fail here. The queue is stored: the next call finds it as it is.
      (error) => log({ event: 'background work stopped', error: messageOf(error) }),
    ),
  );
  const wake = () => lanes.forEach((lane) => lane.wake());

  wake();
  return {
    wake,
    progressOf: (sequence) => running.get(sequence)?.progress ?? 0,
    stop: (sequence) => running.get(sequence)?.stopped.abort(),
    close: async () => {
      stopping.abort();
      await Promise.all(lanes.map((lane) => lane.idle()));
    },
  };
}

/** Does the work whenever it is woken, never twice at a time, and once more where it was woken meanwhile. */
function startLane(work: () => Promise<void>, onError: (error: unknown) => void) {
  let woken = false;
  let running: Promise<void> | undefined;

  const run = async () => {
    while (woken) {
      woken = false;
      await work();
    }
  };
  const wake = () => {
    woken = true;
    running ??= run()
      .catch(onError)
      .finally(() => {
        running = undefined;
        // Woken after the last look at the queue.
        if (woken) wake();
      });
  };
  return { wake, idle: async () => running };
}
