import type { NativeConnection } from '@temporalio/worker';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { existsSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { createActivities, type ActivityDependencies } from '../activities/index.js';

export const defaultTaskQueue = 'active-learning';

/** Made by the build; without it (tests from the sources) the worker bundles the workflows itself, in a second or two. */
const prebuiltBundle = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** Where the workflows are for this worker: the prebuilt bundle, or their folder. */
function workflowSource(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return existsSync(prebuiltBundle)
    ? { workflowBundle: { codePath: prebuiltBundle } }
    : { workflowsPath: fileURLToPath(new URL('../workflows', import.meta.url)) };
}

export interface CreateWorkerOptions extends ActivityDependencies {
  connection: NativeConnection;
  namespace: string;
  taskQueue?: string;
}

/** A worker with everything of Frameloop on it, and what releases its resources after it has stopped. */
export async function createWorker(
  options: CreateWorkerOptions,
): Promise<{ worker: Worker; close: () => Promise<void> }> {
  const { connection, namespace, taskQueue = defaultTaskQueue, ...dependencies } = options;
  const { activities, close } = createActivities(dependencies);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    activities,
    ...workflowSource(),
    identity: `frameloop@${os.hostname()}:${process.pid}`,
    // Inference and ffmpeg saturate the cores with a few videos; the rest waits on Temporal's side, not in memory.
    maxConcurrentActivityTaskExecutions: 20,
    // Workflows that wait for people can be many; the SDK's own limit grows with the heap until it runs full.
    maxCachedWorkflows: 100,
    // Cancellation arrives with a heartbeat: this is how long a stop button may take.
    maxHeartbeatThrottleInterval: '5s',
    // Activities write down their progress as they go, so they need only a moment to stop.
    shutdownGraceTime: '2s',
    shutdownForceTime: '30s',
  });
  return { worker, close };
}
