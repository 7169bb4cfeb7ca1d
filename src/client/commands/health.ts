import type { Client } from '@temporalio/client';
import os from 'node:os';
import { PipelineError } from '../../common/errors.js';
import { defaultTaskQueue } from '../../workers/create-worker.js';
import { temporalTarget } from '../../workers/target.js';
import { withClient } from '../connect.js';
import { readContext, type CommonOptions } from '../context.js';
import { printResult } from '../output.js';

/** A worker asks for work at least once a minute; one that has not done so for longer than this hangs or is gone. */
const silentAfterMs = 150_000;

/** Whether a worker of this host works: Temporal must have heard of one within the last moments. For health checks. */
export async function health(options: CommonOptions): Promise<void> {
  await readContext(options);
  const { address, namespace } = temporalTarget(process.env);
  const workers = await withClient((client) => workersOfThisHost(client, namespace));
  if (workers.length === 0) {
    throw new PipelineError('WORKER_SILENT', `No worker of ${os.hostname()} asks ${address} for work.`, {
      hint: 'Look at its log, and start it again: frameloop worker',
      retryable: true,
    });
  }
  printResult(options.json, { ok: true, workers }, `${workers.join(', ')} at ${address}`);
}

async function workersOfThisHost(client: Client, namespace: string): Promise<string[]> {
  const prefix = `frameloop@${os.hostname()}:`;
  const identities = new Set<string>();
  // 1 = workflow tasks, 2 = activity tasks
  for (const taskQueueType of [1, 2]) {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: defaultTaskQueue },
      taskQueueType,
    });
    for (const { identity, lastAccessTime } of pollers ?? []) {
      const silentMs = Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000;
      if (identity?.startsWith(prefix) && silentMs < silentAfterMs) identities.add(identity);
    }
  }
  return [...identities];
}
