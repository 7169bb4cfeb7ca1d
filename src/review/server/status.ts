/** The life of a job, and what follows from it for its task. Rules of CVAT. */
export const jobStages = ['annotation', 'validation', 'acceptance'] as const;
export const jobStates = ['new', 'in progress', 'completed', 'rejected'] as const;
export type JobStage = (typeof jobStages)[number];
export type JobState = (typeof jobStates)[number];
export const statuses = ['annotation', 'validation', 'completed'] as const;
export type Status = (typeof statuses)[number];

/** The deprecated `status` of a job: completed only when it was accepted, not when an annotator has finished. */
export function jobStatus(job: { stage: JobStage; state: JobState }): Status {
  if (job.stage === 'annotation') return 'annotation';
  return job.stage === 'acceptance' && job.state === 'completed' ? 'completed' : 'validation';
}

/** Kinds of data that CVAT tells apart. Those of this server are always the first. */
export const dimensions = ['2d', '3d', '1d'] as const;
export const mediaTypes = ['image', 'point_cloud', 'audio'] as const;
export const modes = ['annotation', 'interpolation'] as const;

/** A task is as far as its least advanced job; without jobs it is being annotated. */
export function taskStatus(jobs: readonly { stage: JobStage; state: JobState }[]): Status {
  const statuses = jobs.map(jobStatus);
  if (statuses.length === 0 || statuses.includes('annotation')) return 'annotation';
  return statuses.includes('validation') ? 'validation' : 'completed';
}

/** What a change makes of a job: a new stage begins in state `new` unless the change says otherwise. */
export function changedJob<Job extends { stage: JobStage; state: JobState }>(
  job: Job,
  change: { stage?: JobStage | undefined; state?: JobState | undefined },
): { stage: JobStage; state: JobState } {
  const stage = change.stage ?? job.stage;
  return { stage, state: change.state ?? (stage === job.stage ? job.state : 'new') };
}

/** Cuts `size` frames into jobs of at most `segmentSize` (0 = one job); both ends are inclusive. */
export function segments(size: number, segmentSize: number): { startFrame: number; stopFrame: number }[] {
  const step = segmentSize > 0 ? segmentSize : size;
  const cut = [];
  for (let startFrame = 0; startFrame < size; startFrame += step) {
    cut.push({ startFrame, stopFrame: Math.min(startFrame + step, size) - 1 });
  }
  return cut;
}

/** How many frames CVAT puts into one chunk for pictures of this area in pixels: 72 small ones, fewer large ones. */
export function chunkSize(area: number): number {
  return Math.max(2, Math.min(72, Math.floor((36 * 1920 * 1080) / Math.max(area, 1))));
}
