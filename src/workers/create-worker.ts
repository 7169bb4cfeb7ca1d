import type { NativeConnection } from '@temporalio/worker';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import os from 'node:os';
import { createActivities, type ActivityDependencies } from '../activities/index.js';
import { namesRoundAndVideo } from './log-attributes.js';
import { dataConverter } from '../encryption/index.js';
import type { WorkerLimits } from './slots.js';
import { defaultTaskQueue, hostQueues, type WorkerRole } from './task-queues.js';
import type { Tracing } from './tracing.js';
import { deploymentOptions } from './versioning.js';
import { workflowSource } from './workflow-source.js';

export interface CreateWorkersOptions extends Omit<ActivityDependencies, 'queues'> {
  connection: NativeConnection;
  namespace: string;
  roles: readonly WorkerRole[];
  /** See `readHostId`. */
  hostId: string;
  limits: WorkerLimits;
  tracing?: Tracing | undefined;
}

/** The workers of one process: what runs them until they are told to stop. */
export interface Workers {
  taskQueues: string[];
  /** Resolves when all have stopped, on a signal to the process; when one fails, the others stop and its error is thrown. */
  run(): Promise<void>;
}

/** One worker for each task queue that the roles serve. `run` releases what their activities have opened. */
export async function createWorkers(options: CreateWorkersOptions): Promise<Workers> {
  const { connection, namespace, roles, hostId, limits, tracing, ...dependencies } = options;
  const queues = hostQueues(hostId);
  const { activities, close } = createActivities({ ...dependencies, queues, videosAtATime: limits.media });
  const common = {
    connection,
    namespace,
    identity: `frameloop@${os.hostname()}:${process.pid} (${roles.join(', ')})`,
    dataConverter: dataConverter(options.env),
    workerDeploymentOptions: deploymentOptions(options.env),
    // Cancellation arrives with a heartbeat: this is how long a stop button may take.
    maxHeartbeatThrottleInterval: '5s',
    // Activities write down their progress as they go, so they need only a moment to stop; another worker goes on.
    shutdownGraceTime: '2s',
    // Service managers kill after 30 s or later, and some time is needed for the rest of the process.
    shutdownForceTime: '25s',
    interceptors: { activity: [namesRoundAndVideo, ...(tracing ? [tracing.interceptor] : [])] },
  } satisfies Partial<WorkerOptions>;

  const wanted: WorkerOptions[] = [];
  const shared: Partial<WorkerOptions> = {
    // Workflows that wait for people can be many; the SDK's own limit grows with the heap until it runs full.
    ...(roles.includes('workflow') && { ...workflowSource(common.dataConverter), maxCachedWorkflows: 100 }),
    // The planning of rounds; and every step of rounds that were begun before hosts had queues of their own.
    ...(roles.includes('io') && { activities, maxConcurrentActivityTaskExecutions: limits.io }),
  };
  if (Object.keys(shared).length > 0) wanted.push({ ...common, taskQueue: defaultTaskQueue, ...shared });
  const onHost = (taskQueue: string, slots: number, perSecond?: number) =>
    wanted.push({
      ...common,
      taskQueue,
      activities,
      maxConcurrentActivityTaskExecutions: slots,
      ...(perSecond !== undefined && { maxTaskQueueActivitiesPerSecond: perSecond }),
    });
  if (roles.includes('io')) {
    onHost(queues.io, limits.io, limits.ioPerSecond);
    onHost(queues.sites, limits.sites, limits.sitesPerSecond);
  }
  if (roles.includes('media')) onHost(queues.media, limits.media);

  const workers: Worker[] = [];
  for (const each of wanted) workers.push(await Worker.create(each));
  return {
    taskQueues: wanted.map(({ taskQueue }) => taskQueue),
    async run() {
      try {
        await runAll(workers);
      } finally {
        await close();
      }
    },
  };
}

async function runAll(workers: readonly Worker[]): Promise<void> {
  const runs = workers.map(async (worker) => {
    try {
      await worker.run();
    } finally {
      // One that has ended on its own leaves the others without their fellow.
      for (const other of workers) if (other.getState() === 'RUNNING') other.shutdown();
    }
  });
  for (const ended of await Promise.allSettled(runs)) if (ended.status === 'rejected') throw ended.reason;
}
