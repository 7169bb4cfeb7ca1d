import { sha256 } from '../common/files.js';
import { intersectionOverUnion } from '../common/geometry.js';
import type { LabelledBox } from '../common/types.js';
import { printYoloLine } from './formats/yolo.js';
import type { AnnotatedFrame } from './types.js';

/** A box that is thinner than this (pixels) in the picture is a slip of the hand: nothing can be learned from it. */
const LEAST_PIXELS = 1;
/** Two boxes of a class that overlap (IoU) by more than this are one object that was drawn twice. */
const DUPLICATE_IOU = 0.95;

export interface CleanPolicy {
  /**
   * Frames that people looked at and left empty: dropped, kept as negatives, or kept up to this share of the number of
   * frames with labels. Which ones depends on nothing but their frameIds.
   */
  empty: 'drop' | 'keep' | number;
  /** The classes of the dataset, in class-id order. */
  names: readonly string[];
}

export interface DroppedFrame {
  frameId: string;
  reason: 'empty' | 'not_reviewed' | 'unknown_class';
}

export interface CleanFrames {
  kept: AnnotatedFrame[];
  dropped: DroppedFrame[];
  /** What was done to the boxes, in words, also of frames that were dropped afterwards. */
  mended: { frameId: string; what: string }[];
}

/**
 * Makes what people left fit for training. Boxes are clipped to the picture; boxes under 1 px and duplicates go; a
 * frame without any box left counts as empty. A frame with a box of a class that the dataset does not have is dropped
 * as a whole: without that box the picture would teach that nothing is there. Frames that nobody reviewed never pass.
 * Pure.
 */
export function cleanFrames(frames: readonly AnnotatedFrame[], policy: CleanPolicy): CleanFrames {
  const dropped: DroppedFrame[] = [];
  const mended: CleanFrames['mended'] = [];
  const labelled: AnnotatedFrame[] = [];
  const empty: AnnotatedFrame[] = [];
  for (const frame of frames) {
    const { frameId } = frame;
    if (frame.state === 'not_reviewed') {
      dropped.push({ frameId, reason: 'not_reviewed' });
    } else if (frame.boxes.some((box) => !policy.names.includes(box.label))) {
      dropped.push({ frameId, reason: 'unknown_class' });
    } else {
      const { boxes, notes } = mendBoxes(frame, policy.names);
      mended.push(...notes.map((what) => ({ frameId, what })));
      if (boxes.length > 0) labelled.push({ ...frame, boxes, state: 'reviewed' });
      else empty.push({ ...frame, boxes, state: 'empty' });
    }
  }
  const negatives = chooseNegatives(empty, policy.empty, labelled.length);
  const kept = new Map([...labelled, ...negatives].map((frame) => [frame.frameId, frame]));
  for (const { frameId } of empty) if (!kept.has(frameId)) dropped.push({ frameId, reason: 'empty' });
  return { kept: frames.flatMap((frame) => kept.get(frame.frameId) ?? []), dropped, mended };
}

function chooseNegatives(
  empty: readonly AnnotatedFrame[],
  policy: CleanPolicy['empty'],
  labelled: number,
): readonly AnnotatedFrame[] {
  if (policy === 'keep') return empty;
  if (policy === 'drop') return [];
  const order = (frame: AnnotatedFrame) => sha256(frame.frameId);
  // The small summand: 0.29 * 100 is a little less than 29 in floating point.
  const most = Math.floor(policy * labelled + 1e-9);
  return [...empty].sort((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, most);
}

function mendBoxes(frame: AnnotatedFrame, names: readonly string[]): { boxes: LabelledBox[]; notes: string[] } {
  const counts = { clipped: 0, degenerate: 0, duplicate: 0 };
  const boxes: LabelledBox[] = [];
  for (const box of frame.boxes) {
    const clipped = clip(box, frame);
    if (!(clipped.x2 - clipped.x1 >= LEAST_PIXELS && clipped.y2 - clipped.y1 >= LEAST_PIXELS)) {
      counts.degenerate++;
    } else if (boxes.some((other) => isDuplicate(clipped, other, frame, names))) {
      counts.duplicate++;
    } else {
      if ((['x1', 'y1', 'x2', 'y2'] as const).some((side) => clipped[side] !== box[side])) counts.clipped++;
      boxes.push(clipped);
    }
  }
  const notes = [
    note(counts.clipped, 'clipped to the picture'),
    note(counts.degenerate, `of less than ${LEAST_PIXELS} px in the picture removed`),
    note(counts.duplicate, 'removed as duplicate'),
  ];
  return { boxes, notes: notes.filter((text) => text !== '') };
}

/** The same object twice; also boxes that the label file cannot tell apart. */
function isDuplicate(a: LabelledBox, b: LabelledBox, frame: AnnotatedFrame, names: readonly string[]): boolean {
  if (a.label !== b.label) return false;
  return (
    intersectionOverUnion(a, b) > DUPLICATE_IOU || printYoloLine(a, frame, names) === printYoloLine(b, frame, names)
  );
}

function clip(box: LabelledBox, { width, height }: AnnotatedFrame): LabelledBox {
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
  return {
    label: box.label,
    x1: within(box.x1, width),
    y1: within(box.y1, height),
    x2: within(box.x2, width),
    y2: within(box.y2, height),
  };
}

function note(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? 'box' : 'boxes'} ${what}`;
}
