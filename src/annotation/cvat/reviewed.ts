import type { ReviewedFrame } from '../../common/types.js';
import type { CompletionRule, DownloadedAnnotations } from '../types.js';
import type { DrawnFrame } from './drawn.js';
import { isDone } from './progress.js';
import type { WireDataMeta, WireJob } from './wire.js';

export interface TaskContent {
  meta: WireDataMeta;
  jobs: readonly WireJob[];
  /** By frame of the task. */
  drawn: readonly DrawnFrame[];
  /** The frames that were sent. */
  frameIds: readonly string[];
  /** When a job counts as done. Default: when it is completed. */
  rule?: CompletionRule;
}

/**
 * What people made of each frame that was sent. Frames of jobs that are not done are `not_reviewed` and bring no boxes:
 * those would be the model's own. So are frames with nothing but objects that are no boxes (as negatives they
 * would be wrong), frames that were deleted in CVAT, and frames that the task does not have.
 */
export function toReviewedFrames(content: TaskContent): DownloadedAnnotations {
  const { meta, jobs, drawn, frameIds, rule = 'jobs_completed' } = content;
  const deleted = new Set(meta.deleted_frames ?? []);
  const warnings: string[] = [];
  const found = new Map<string, ReviewedFrame>();
  (meta.frames ?? []).forEach(({ name }, index) => {
    const frameId = frameIdOf(name);
    const { boxes, leftOut } = drawn[index] ?? { boxes: [], leftOut: [] };
    const own = jobsOf(index, jobs);
    // Jobs may share frames (their overlap): such a frame is done when all its jobs are.
    const done = !deleted.has(index) && own.length > 0 && own.every((job) => isDone(job, rule));
    const state = done ? reviewState(boxes.length, leftOut.length) : 'not_reviewed';
    const jobId = own[0]?.id;
    found.set(frameId, { frameId, state, boxes: state === 'reviewed' ? boxes : [], jobId });
    if (done && leftOut.length > 0) warnings.push(warning(frameId, leftOut, state));
  });
  const frames = frameIds.map((frameId): ReviewedFrame => {
    return found.get(frameId) ?? { frameId, state: 'not_reviewed', boxes: [] };
  });
  const missing = frameIds.filter((frameId) => !found.has(frameId));
  const sent = new Set(frameIds);
  const foreign = [...found.keys()].filter((frameId) => !sent.has(frameId));
  if (deleted.size > 0) warnings.push(`Frames deleted in CVAT, which count as not reviewed: ${deleted.size}`);
  if (missing.length > 0)
    warnings.push(`Frames that the task has no longer: ${missing.length}, the first ${missing[0]}`);
  if (foreign.length > 0) warnings.push(`Frames in the task that were never sent: ${foreign.length}, left out`);
  return { frames, warnings };
}

/** Servers may put a folder before the name. */
export function frameIdOf(name: string): string {
  return name.replace(/^.*\//, '').replace(/\.[^.]*$/, '');
}

/** Of a frame that people are done with. */
function reviewState(boxCount: number, leftOutCount: number): ReviewedFrame['state'] {
  if (boxCount > 0) return 'reviewed';
  return leftOutCount > 0 ? 'not_reviewed' : 'empty';
}

function jobsOf(frame: number, jobs: readonly WireJob[]): WireJob[] {
  return jobs.filter(({ start_frame, stop_frame }) => start_frame <= frame && frame <= stop_frame);
}

function warning(frameId: string, leftOut: readonly string[], state: ReviewedFrame['state']): string {
  const counts = [...new Set(leftOut)].map((what) => `${leftOut.filter((other) => other === what).length} × ${what}`);
  const consequence = state === 'reviewed' ? '' : '; the frame counts as not reviewed, for it has nothing else';
  return `${frameId}: left out ${counts.join(', ')}${consequence}`;
}
