import type { LabelledBox, PixelBox } from '../common/types.js';
import { intersectionOverUnion } from '../common/geometry.js';

/** What a reviewer did with a box. */
type Decision = 'kept' | 'moved' | 'relabelled' | 'added';

export interface CorrectedBox extends LabelledBox {
  decision: Decision;
  /** Which of the pre-labels it was; absent for added boxes. */
  preLabel?: number;
}

export interface Correction {
  /** What is there after the review: the pre-labels that stay, in their order, then the added boxes. */
  boxes: CorrectedBox[];
  /** How many pre-labels matched nothing and were removed. */
  deleted: number;
}

/** From this overlap on a pre-label is taken to mean an object: the usual criterion for a detection (PASCAL VOC). */
const SAME_OBJECT = 0.5;

/** Below this overlap a careful person would pull the box into place. */
const GOOD_ENOUGH = 0.85;

/**
 * Corrects the pre-labels of a frame as a careful person would who sees what is really there. Pairs are made greedily,
 * the best overlap first; of equal overlaps the pair of the same label, then the earlier one. A matched pre-label with the
 * right label is kept as it is, or moved to the true box when it is loose; with the wrong label it is relabelled (and
 * moved when loose). What matches nothing is deleted, what has no match is added.
 */
export function correctFrame(preLabels: readonly LabelledBox[], truth: readonly LabelledBox[]): Correction {
  const matches = matchGreedily(preLabels, truth);
  const boxes: CorrectedBox[] = [];
  let deleted = 0;
  preLabels.forEach((preLabel, index) => {
    const match = matches.get(index);
    const object = match && truth[match.truth];
    if (match === undefined || object === undefined) {
      deleted++;
      return;
    }
    const loose = match.overlap < GOOD_ENOUGH;
    const decision = preLabel.label !== object.label ? 'relabelled' : loose ? 'moved' : 'kept';
    boxes.push({ ...corners(loose ? object : preLabel), label: object.label, decision, preLabel: index });
  });
  const found = new Set([...matches.values()].map((match) => match.truth));
  truth.forEach((object, index) => {
    if (!found.has(index)) boxes.push({ ...corners(object), label: object.label, decision: 'added' });
  });
  return { boxes, deleted };
}

interface Match {
  truth: number;
  overlap: number;
}

/** Index of the pre-label → its object; each object is matched at most once. */
function matchGreedily(preLabels: readonly LabelledBox[], truth: readonly LabelledBox[]): Map<number, Match> {
  const pairs = preLabels.flatMap((preLabel, index) =>
    truth.map((object, truthIndex) => ({
      preLabel: index,
      truth: truthIndex,
      overlap: intersectionOverUnion(preLabel, object),
      sameLabel: preLabel.label === object.label,
    })),
  );
  const candidates = pairs
    .filter((pair) => pair.overlap >= SAME_OBJECT)
    .sort(
      (a, b) =>
        b.overlap - a.overlap ||
        Number(b.sameLabel) - Number(a.sameLabel) ||
        a.preLabel - b.preLabel ||
        a.truth - b.truth,
    );
  const matches = new Map<number, Match>();
  const taken = new Set<number>();
  for (const { preLabel, truth: object, overlap } of candidates) {
    if (matches.has(preLabel) || taken.has(object)) continue;
    matches.set(preLabel, { truth: object, overlap });
    taken.add(object);
  }
  return matches;
}

const corners = ({ x1, y1, x2, y2 }: PixelBox): PixelBox => ({ x1, y1, x2, y2 });
