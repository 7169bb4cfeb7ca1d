import type { WireTrack } from './wire.js';

export interface TrackedBox {
  frame: number;
  /** x1, y1, x2, y2 in pixels. */
  points: [number, number, number, number];
}

/** Whether every keyframe is a rectangle that is not turned: only between those can boxes be interpolated. */
export function isRectangleTrack({ shapes }: WireTrack): boolean {
  return (
    shapes.length > 0 &&
    shapes.every(({ type, rotation, points }) => type === 'rectangle' && !rotation && points.length === 4)
  );
}

/**
 * The boxes of a rectangle track in each frame, as CVAT shows and exports them: linear between two keyframes, also on the
 * way to one where the object is out of sight; none from such a keyframe to the next; after the last keyframe the box
 * stays where it is.
 * @param lastFrame where the track ends at the latest: the last frame of its job
 */
export function interpolateTrack({ shapes }: WireTrack, lastFrame: number): TrackedBox[] {
  const keyframes = [...shapes].sort((a, b) => a.frame - b.frame);
  return keyframes.flatMap((from, index) => {
    if (from.outside) return [];
    const to = keyframes[index + 1];
    const boxes: TrackedBox[] = [];
    for (let frame = from.frame; frame <= Math.min(lastFrame, to === undefined ? lastFrame : to.frame - 1); frame++) {
      const share = to === undefined ? 0 : (frame - from.frame) / (to.frame - from.frame);
      const at = (i: 0 | 1 | 2 | 3) =>
        from.points[i]! + (to === undefined ? 0 : (to.points[i]! - from.points[i]!) * share);
      boxes.push({ frame, points: [at(0), at(1), at(2), at(3)] });
    }
    return boxes;
  });
}
