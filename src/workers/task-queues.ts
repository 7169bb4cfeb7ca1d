import type { HostQueues } from '../activities/types.js';

/** Where rounds are started. Every worker for workflows takes from it, and the planning of a round is done from it. */
export const defaultTaskQueue = 'active-learning';

/**
 * What a worker process may do: `workflow` decides what comes next; `io` talks to the annotation server, the catalog
 * and the sites with videos; `media` decodes, predicts and trains, which needs the processor.
 */
export const workerRoles = ['workflow', 'io', 'media'] as const;
export type WorkerRole = (typeof workerRoles)[number];

/** The queues for the steps that need the files of one host. A host is a data folder; processes that share it share them. */
export function hostQueues(hostId: string): HostQueues {
  const queue = (name: string) => `${defaultTaskQueue}-${hostId}-${name}`;
  return { io: queue('io'), sites: queue('sites'), media: queue('media') };
}
