import { intersectionOverUnion } from '../../common/geometry.js';
import type { Candidate, Detection, PixelBox } from '../../common/types.js';
import type { FrameScore } from './score.js';

/** Boxes of neighbouring frames that overlap by at least this are taken for the same object, which has moved a little. */
const SAME_OBJECT = 0.3;

/** Only so many boxes of a frame are compared, the surest: every pair of them is looked at. */
const MOST_BOXES = 50;

/**
 * Boxes that come and go between neighbouring frames. An object that is seen at the same place before and after, but not
 * in between, was probably missed; a box without a partner before or after is probably false. The entropy of what is
 * seen cannot find what is missed.
 *
 * Where everything moves, nothing is said: a missed object counts only if the boxes before and after overlap, a lone
 * box by the share of boxes around it that have a partner. The idea of finding errors by linking detections over time is
 * from Bengar et al., Temporal Coherence for Active Learning in Videos (ICCVW 2019, arXiv 1908.11757).
 */
export const flicker: FrameScore = {
  values: (frame, { previous, next }) => {
    if (!previous || !next) return [];
    const links = link(previous, next);
    const missed = links
      .filter(({ between }) => !frame.detections.some((box) => overlaps(box, between)))
      .map(({ confidence }) => confidence);
    const most = Math.max(surestBoxes(previous).length, surestBoxes(next).length);
    const stability = most === 0 ? 1 : links.length / most;
    const around = [...previous.detections, ...next.detections];
    const lone = surestBoxes(frame)
      .filter((box) => !around.some((other) => isSame(box, other)))
      .map(({ confidence }) => confidence * stability);
    return [...missed, ...lone];
  },
};

/** In an order of its own, so that the links are the same however the boxes came. */
function surestBoxes({ detections }: Candidate): Detection[] {
  return [...detections].sort((a, b) => b.confidence - a.confidence || a.x1 - b.x1 || a.y1 - b.y1).slice(0, MOST_BOXES);
}

interface Link {
  /** Where the object should be in the frame between. */
  between: PixelBox;
  /** Mean of both boxes. */
  confidence: number;
}

/** Pairs of boxes that are the same object before and after, the surest first, each box in one pair at most. */
function link(previous: Candidate, next: Candidate): Link[] {
  const open = new Set(surestBoxes(next));
  return surestBoxes(previous).flatMap((before) => {
    const after = nearest(before, open);
    if (!after) return [];
    open.delete(after);
    const middle = (side: keyof PixelBox) => (before[side] + after[side]) / 2;
    const between = { x1: middle('x1'), y1: middle('y1'), x2: middle('x2'), y2: middle('y2') };
    return [{ between, confidence: (before.confidence + after.confidence) / 2 }];
  });
}

function nearest(box: Detection, others: Iterable<Detection>): Detection | undefined {
  let best: Detection | undefined;
  let most = SAME_OBJECT;
  for (const other of others) {
    const overlap = other.label === box.label ? intersectionOverUnion(box, other) : 0;
    if (overlap < most) continue;
    most = overlap;
    best = other;
  }
  return best;
}

const overlaps = (a: PixelBox, b: PixelBox) => intersectionOverUnion(a, b) >= SAME_OBJECT;
const isSame = (a: Detection, b: Detection) => a.label === b.label && overlaps(a, b);
