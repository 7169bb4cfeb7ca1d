import { availableParallelism } from 'node:os';

/** How much a worker process does at a time. */
export interface WorkerLimits {
  /** Videos (and trainings, selections, reports) in work. */
  media: number;
  /** Talks with the annotation server and the catalog. */
  io: number;
  /** Downloads and searches. */
  sites: number;
  /** Steps that this host begins per second, over all its processes; undefined: no limit. */
  sitesPerSecond?: number;
  ioPerSecond?: number;
}

/**
 * Videos to work on at a time. One video keeps a core busy with decoding while the detector's threads (one per core, up
 * to 4) predict; a second fills the gaps, and is needed on the smallest machine for that. Beyond 16 the disk is the limit.
 */
export function videosAtATime(cores = availableParallelism()): number {
  return Math.min(16, Math.max(2, Math.floor(cores / 2)));
}
