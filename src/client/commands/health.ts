import type { Client } from '@temporalio/client';
import os from 'node:os';
import { PipelineError } from '../../common/errors.js';
import { readHostId } from '../../workers/host-id.js';
import { defaultTaskQueue, hostQueues } from '../../workers/task-queues.js';
import { temporalTarget } from '../../workers/target.js';
import { withClient } from '../connect.js';
import { readContext, type CommonOptions } from '../context.js';
import { printResult } from '../output.js';

/** A worker asks for work at least once a minute; one that has not done so for longer than this hangs or is gone. */
const silentAfterMs = 150_000;

/** Whether a worker of this host works: Temporal must have heard of one within the last moments. For health checks. */
export async function health(options: CommonOptions): Promise<void> {
  const { paths } = await readContext(options);
  // Each role asks at one of these.
  const queues = [defaultTaskQueue, hostQueues(await readHostId(paths.data)).media];
  const { address, namespace } = temporalTarget(process.env);
  const workers = await withClient((client) => workersOfThisHost(client, namespace, queues));
  if (workers.length === 0) {
    throw new PipelineError('WORKER_SILENT', `No worker of ${os.hostname()} asks ${address} for work.`, {
      hint: 'Look at its log, and start it again: frameloop worker',
      retryable: true,
    });
  }
  printResult(options.json, { ok: true, workers }, `${workers.join(', ')} at ${address}`);
}

async function workersOfThisHost(client: Client, namespace: string, queues: string[]): Promise<string[]> {
  const prefix = `frameloop@${os.hostname()}:`;
  const identities = new Set<string>();
  // 1 = workflow tasks, 2 = activity tasks
  const places = queues.flatMap((name) => [1, 2].map((taskQueueType) => ({ taskQueue: { name }, taskQueueType })));
  for (const place of places) {
    const { pollers } = await client.workflowService.describeTaskQueue({ namespace, ...place });
    for (const { identity, lastAccessTime } of pollers ?? []) {
      const silentMs = Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000;
      if (identity?.startsWith(prefix) && silentMs < silentAfterMs) identities.add(identity);
    }
  }
  return [...identities];
}
