import type { PixelBox } from '../common/types.js';

/** One box in pixels of the network's input. */
export interface Candidate extends PixelBox {
  score: number;
  classId: number;
}

/** Ultralytics looks at no more than this many boxes of a picture (`max_nms`). */
const MAX_CANDIDATES = 30_000;

/** Classes are moved this many pixels apart, so that boxes of different classes never overlap (`max_wh`). */
const CLASS_OFFSET = 7680;

/** Best first; equals stay in the network's order. Candidates beyond the first 30 000 are dropped. */
export function byScore(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort((a, b) => b.score - a.score).slice(0, MAX_CANDIDATES);
}

/**
 * Greedy non-maximum suppression per class: going from the best box down, a box goes when it overlaps a kept one of
 * its class by more than `iou` (equal stays). The rules are Ultralytics' (`non_max_suppression` in utils/nms.py with
 * torchvision's kernel), in 32-bit floats like theirs: the class offset costs precision, and that decides close cases.
 *
 * @param agnostic boxes of different classes suppress each other too
 * @returns the boxes that stay, best first, at most `maxDetections`
 */
export function nonMaximumSuppression(
  candidates: readonly Candidate[],
  { iou, maxDetections, agnostic }: { iou: number; maxDetections: number; agnostic: boolean },
): Candidate[] {
  const sorted = byScore(candidates);
  const boxes = offsetBoxes(sorted, agnostic ? 0 : CLASS_OFFSET);
  // Numbers side by side: the loop below runs millions of times where hardly any box is cut off by its confidence.
  const classIds = Int32Array.from(sorted, ({ classId }) => (agnostic ? 0 : classId));
  const suppressed = new Uint8Array(sorted.length);
  const kept: Candidate[] = [];
  for (const [i, candidate] of sorted.entries()) {
    if (suppressed[i]) continue;
    kept.push(candidate);
    if (kept.length === maxDetections) break;
    const classId = classIds[i];
    for (let j = i + 1; j < sorted.length; j++) {
      // Boxes of other classes are thousands of pixels away; not looking at them is the same and faster.
      if (!suppressed[j] && classIds[j] === classId && overlap(boxes, i, j) > iou) suppressed[j] = 1;
    }
  }
  return kept;
}

/** x1, y1, x2, y2, area per box, moved by its class, as 32-bit floats. */
function offsetBoxes(candidates: readonly Candidate[], perClass: number): Float32Array {
  const boxes = new Float32Array(candidates.length * 5);
  for (const [i, { x1, y1, x2, y2, classId }] of candidates.entries()) {
    const offset = classId * perClass;
    const at = i * 5;
    boxes.set([x1 + offset, y1 + offset, x2 + offset, y2 + offset], at);
    boxes[at + 4] = Math.fround(boxes[at + 2]! - boxes[at]!) * Math.fround(boxes[at + 3]! - boxes[at + 1]!);
  }
  return boxes;
}

function overlap(boxes: Float32Array, i: number, j: number): number {
  const a = i * 5;
  const b = j * 5;
  const width = Math.fround(Math.min(boxes[a + 2]!, boxes[b + 2]!) - Math.max(boxes[a]!, boxes[b]!));
  const height = Math.fround(Math.min(boxes[a + 3]!, boxes[b + 3]!) - Math.max(boxes[a + 1]!, boxes[b + 1]!));
  if (width <= 0 || height <= 0) return 0;
  const intersection = Math.fround(width * height);
  const union = Math.fround(Math.fround(boxes[a + 4]! + boxes[b + 4]!) - intersection);
  return Math.fround(intersection / union);
}
