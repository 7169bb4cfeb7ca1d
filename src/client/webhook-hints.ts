import { WorkflowNotFoundError, type Client, type Connection } from '@temporalio/client';
import type { WebhookHintInput } from '../activities/types.js';
import { messageOf } from '../common/errors.js';
import { defaultTaskQueue } from '../workers/task-queues.js';
import type { AnnotationHint } from '../workflows/messages.js';
import { waitId } from '../workflows/wait-id.js';
import type { WebhookHintWorkflow } from '../workflows/webhook-hint.js';

/** A person who saves and finishes sets off several events within a moment: after the first, one more look is enough. */
const quietMs = 1_000;
/** Until what was held back is tried again, when Temporal did not take it. */
const awayMs = 2_000;
/** One call to Temporal; whoever waits for the answer has given up long before. */
const callMs = 5_000;

export interface HintSender {
  /** Resolves when Temporal has the hint, or will get it within a moment together with others. */
  send(hint: AnnotationHint & { taskId: number }): Promise<void>;
  /** Sends what is held back and resolves when all is done. */
  close(): Promise<void>;
}

/** Hands hints to whoever waits for a task, a flood of them as a few. */
export function createHintSender(
  client: Client,
  connection: Pick<Connection, 'withDeadline'>,
  log: (message: string) => void,
  taskQueue = defaultTaskQueue,
): HintSender {
  /** Tasks of which Temporal is being told or was told just now, with what came meanwhile. */
  const recent = new Map<number, { call: Promise<void>; timer?: NodeJS.Timeout; held?: AnnotationHint }>();
  const running = new Set<Promise<void>>();
  let closed = false;

  const track = (work: () => Promise<void>): Promise<void> => {
    const call = connection.withDeadline(Date.now() + callMs, work);
    running.add(call);
    void call.then(
      () => running.delete(call),
      () => running.delete(call),
    );
    return call;
  };
  const deliver = (taskId: number, hint: AnnotationHint): Promise<void> => {
    const call = track(() => signal(client, taskId, hint, taskQueue));
    // Few have any, and it is a search: the answer to the webhook does not wait for it.
    void call.then(
      () =>
        track(() => signalNamesakes(client, taskId, hint)).catch((error: unknown) =>
          log(`A hint for task ${taskId} reached one wait at most: ${messageOf(error)}`),
        ),
      () => undefined, // whoever waits for the call is told
    );
    return call;
  };
  const begin = (taskId: number, hint: AnnotationHint): Promise<void> => {
    const call = deliver(taskId, hint);
    recent.set(taskId, { call });
    call.then(
      () => {
        const told = recent.get(taskId);
        if (told?.call === call) told.timer = setTimeout(() => release(taskId), quietMs);
      },
      // Whoever waits for this call is told that Temporal has nothing, and says it again.
      () => recent.get(taskId)?.call === call && recent.delete(taskId),
    );
    return call;
  };
  const release = (taskId: number): void => {
    const held = recent.get(taskId)?.held;
    recent.delete(taskId);
    if (!held) return;
    const call = begin(taskId, held);
    call.catch((error: unknown) => {
      log(`A hint for task ${taskId} is ${closed ? 'lost' : 'held until Temporal takes it'}: ${messageOf(error)}`);
      if (closed) return;
      // Who sent it was told that it is taken. Who sends another meanwhile is told that Temporal is away.
      recent.set(taskId, { call, held, timer: setTimeout(() => release(taskId), awayMs) });
    });
  };

  return {
    send({ taskId, ...hint }) {
      const told = recent.get(taskId);
      if (!told) return begin(taskId, { taskId, ...hint });
      told.held = { taskId, ...hint };
      return told.call;
    },
    async close() {
      closed = true;
      for (const [taskId, { timer, held }] of recent) {
        clearTimeout(timer);
        if (held) deliver(taskId, held).catch((error: unknown) => log(`A hint was lost: ${messageOf(error)}`));
      }
      recent.clear();
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/**
 * To the waits that have a round in their id, since the one without is for another server's task of the same number.
 * Whose task it is that somebody has finished is seen from the server, as ever.
 */
async function signalNamesakes(client: Client, taskId: number, hint: AnnotationHint): Promise<void> {
  const query = `WorkflowType = 'AnnotationWorkflow' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${waitId(taskId)}-'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    try {
      await client.workflow.getHandle(workflowId).signal('annotationCompleted', hint);
    } catch (error) {
      // It has just ended.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}

/** To the workflow that waits for the task; when there is none (yet), to one that keeps the hint until there is. */
async function signal(client: Client, taskId: number, hint: AnnotationHint, taskQueue: string): Promise<void> {
  try {
    await client.workflow.getHandle(waitId(taskId)).signal('annotationCompleted', hint);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    const input: WebhookHintInput = { taskId };
    await client.workflow.signalWithStart<typeof WebhookHintWorkflow, [AnnotationHint]>('WebhookHintWorkflow', {
      workflowId: `cvat-hint-${taskId}`,
      taskQueue,
      args: [input],
      signal: 'annotationCompleted',
      signalArgs: [hint],
    });
  }
}
