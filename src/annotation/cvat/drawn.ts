import type { LabelledBox } from '../../common/types.js';
import { enclosingBox, otherThanBox, toCorners } from './shape-box.js';
import { interpolateTrack, isRectangleTrack } from './tracks.js';
import type { WireAnnotations, WireJob, WireShape } from './wire.js';

/** What was drawn in one frame. */
export interface DrawnFrame {
  boxes: LabelledBox[];
  /** In words, what is there but cannot be taken over. */
  leftOut: string[];
}

/**
 * The boxes of each frame, from CVAT's shapes and tracks.
 * @param names class names by label id
 * @param shapesToBoxes whether other shapes become the box around them
 */
export function drawnInFrames(
  { shapes, tracks }: WireAnnotations,
  {
    frameCount,
    jobs,
    names,
    shapesToBoxes = false,
  }: {
    frameCount: number;
    jobs: readonly WireJob[];
    names: ReadonlyMap<number, string>;
    shapesToBoxes?: boolean;
  },
): DrawnFrame[] {
  const frames = Array.from({ length: frameCount }, (): DrawnFrame => ({ boxes: [], leftOut: [] }));
  const add = (frame: number, labelId: number, shape: Pick<WireShape, 'type' | 'points' | 'rotation'>) => {
    const label = names.get(labelId);
    const other = otherThanBox(shape);
    const box = other === undefined ? toCorners(shape.points) : shapesToBoxes ? enclosingBox(shape) : undefined;
    if (label === undefined) frames[frame]?.leftOut.push(`object with the unknown label ${labelId}`);
    else if (box === undefined) frames[frame]?.leftOut.push(other ?? 'shape without extent');
    else frames[frame]?.boxes.push({ label, ...box });
  };
  for (const shape of shapes) add(shape.frame, shape.label_id, shape);
  for (const track of tracks) {
    const job = jobs.find(({ start_frame, stop_frame }) => start_frame <= track.frame && track.frame <= stop_frame);
    const lastFrame = job?.stop_frame ?? frameCount - 1;
    if (isRectangleTrack(track)) {
      for (const { frame, points } of interpolateTrack(track, lastFrame)) {
        add(frame, track.label_id, { type: 'rectangle', points });
      }
    } else {
      // Between keyframes nobody knows where such a thing is.
      for (let frame = track.frame; frame <= lastFrame; frame++) {
        frames[frame]?.leftOut.push('track that is no plain box');
      }
    }
  }
  return frames;
}
