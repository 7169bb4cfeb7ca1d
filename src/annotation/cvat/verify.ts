import type { ExpectedFrames } from './settle.js';
import type { WireJob } from './wire.js';

/**
 * What is wrong with a task that should hold exactly these frames, or `undefined`. A creation that ran twice shows as
 * doubled frame names and as jobs over the same frames, while the task's `size` stays right.
 */
export function findTaskFault(
  { names: expectedNames, inOrder }: ExpectedFrames,
  frameNames: readonly string[],
  size: number,
  jobs: readonly Pick<WireJob, 'start_frame' | 'stop_frame'>[],
): string | undefined {
  if (size !== expectedNames.length) return `it has ${size} frames, not ${expectedNames.length}`;
  const expected = new Set(expectedNames);
  const found = new Set(frameNames);
  const missing = expectedNames.filter((name) => !found.has(name));
  if (missing.length > 0) return `${missing.length} of its frames are missing, the first is ${missing[0]}`;
  if (frameNames.length !== found.size) return 'some of its frames are in it twice';
  const foreign = frameNames.find((name) => !expected.has(name));
  if (foreign !== undefined) return `it holds the frame ${foreign}, which was not sent`;
  const misplaced = inOrder ? frameNames.find((name, index) => name !== expectedNames[index]) : undefined;
  if (misplaced !== undefined) return `the frame ${misplaced} is not where it was meant to be`;
  return findJobFault(jobs, size);
}

function findJobFault(jobs: readonly Pick<WireJob, 'start_frame' | 'stop_frame'>[], size: number): string | undefined {
  let next = 0;
  for (const job of [...jobs].sort((a, b) => a.start_frame - b.start_frame)) {
    if (job.start_frame < next) return `two of its jobs hold frame ${job.start_frame}`;
    if (job.start_frame > next) return `no job holds frame ${next}`;
    next = job.stop_frame + 1;
  }
  return next === size ? undefined : `no job holds frame ${next}`;
}
