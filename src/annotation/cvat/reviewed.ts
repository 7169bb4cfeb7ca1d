import type { LabelledBox, ReviewedFrame } from '../../common/types.js';
import type { DownloadedAnnotations } from '../types.js';
import { interpolateTrack, isRectangleTrack } from './tracks.js';
import type { WireAnnotations, WireDataMeta, WireJob, WireShape } from './wire.js';

export interface TaskContent {
  meta: WireDataMeta;
  jobs: readonly WireJob[];
  annotations: WireAnnotations;
  /** Label names by id. */
  labels: ReadonlyMap<number, string>;
}

/**
 * What people made of each frame. Frames of jobs that are not completed are `not_reviewed` and bring no boxes: those
 * would be the model's own. So are frames with nothing but objects that are no boxes: as negatives they would be wrong.
 */
export function toReviewedFrames({ meta, jobs, annotations, labels }: TaskContent): DownloadedAnnotations {
  const frames = meta.frames ?? [];
  const boxes: LabelledBox[][] = frames.map(() => []);
  const leftOut: string[][] = frames.map(() => []);

  const add = (frame: number, labelId: number, points: readonly number[]) => {
    const label = labels.get(labelId);
    if (label === undefined) leftOut[frame]?.push(`object with the unknown label ${labelId}`);
    else boxes[frame]?.push({ label, ...toCorners(points) });
  };
  for (const shape of annotations.shapes) {
    const other = otherThanBox(shape);
    if (other === undefined) add(shape.frame, shape.label_id, shape.points);
    else leftOut[shape.frame]?.push(other);
  }
  for (const track of annotations.tracks) {
    const job = jobs.find(({ start_frame, stop_frame }) => start_frame <= track.frame && track.frame <= stop_frame);
    const lastFrame = job?.stop_frame ?? frames.length - 1;
    if (isRectangleTrack(track)) {
      for (const { frame, points } of interpolateTrack(track, lastFrame)) add(frame, track.label_id, points);
    } else {
      for (let frame = track.frame; frame <= lastFrame; frame++) leftOut[frame]?.push('track that is no plain box');
    }
  }

  const deleted = new Set(meta.deleted_frames ?? []);
  const result: DownloadedAnnotations = { frames: [], warnings: [] };
  frames.forEach(({ name }, index) => {
    if (deleted.has(index)) return;
    const state = reviewState(index, jobs, boxes[index]!.length, leftOut[index]!.length);
    const frameId = name.replace(/^.*\//, '').replace(/\.[^.]*$/, '');
    result.frames.push({ frameId, state, boxes: state === 'reviewed' ? boxes[index]! : [] });
    if (isCompleted(index, jobs) && leftOut[index]!.length > 0) {
      result.warnings.push(warning(frameId, leftOut[index]!, state));
    }
  });
  return result;
}

/** In words, what a shape is, if it is no box along the axes. */
function otherThanBox({ type, rotation, points }: WireShape): string | undefined {
  if (type !== 'rectangle') return type;
  // CVAT stores a rectangle of any number of points.
  if (points.length !== 4) return 'rectangle without four numbers';
  return rotation ? 'rotated box' : undefined;
}

/** People draw from any corner to the opposite one, and CVAT keeps it that way. */
function toCorners(points: readonly number[]): { x1: number; y1: number; x2: number; y2: number } {
  const [xa, ya, xb, yb] = points as [number, number, number, number];
  return { x1: Math.min(xa, xb), y1: Math.min(ya, yb), x2: Math.max(xa, xb), y2: Math.max(ya, yb) };
}

function reviewState(
  frame: number,
  jobs: readonly WireJob[],
  boxCount: number,
  leftOutCount: number,
): ReviewedFrame['state'] {
  if (!isCompleted(frame, jobs)) return 'not_reviewed';
  if (boxCount > 0) return 'reviewed';
  return leftOutCount > 0 ? 'not_reviewed' : 'empty';
}

/** Jobs may share frames (their overlap): such a frame is done when all its jobs are. */
function isCompleted(frame: number, jobs: readonly WireJob[]): boolean {
  const own = jobs.filter(({ start_frame, stop_frame }) => start_frame <= frame && frame <= stop_frame);
  return own.length > 0 && own.every(({ state }) => state === 'completed');
}

function warning(frameId: string, leftOut: readonly string[], state: ReviewedFrame['state']): string {
  const counts = [...new Set(leftOut)].map((what) => `${leftOut.filter((other) => other === what).length} × ${what}`);
  const consequence = state === 'reviewed' ? '' : '; the frame counts as not reviewed, for it has nothing else';
  return `${frameId}: left out ${counts.join(', ')}${consequence}`;
}
