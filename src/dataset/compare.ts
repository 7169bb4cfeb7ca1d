import { intersectionOverUnion } from '../common/geometry.js';
import type { LabelledBox, PixelBox } from '../common/types.js';
import type { ReviewChange } from './types.js';

/** A person who draws the same object again lands above this overlap; the usual threshold of PASCAL VOC. */
const MATCH_IOU = 0.5;
/** Annotation tools round coordinates: a box whose sides all lie this near (pixels) was left as it was. */
const SAME_PIXELS = 0.5;

/** What a person did to one box: a pre-label, a box that they left, or a pair of both. */
export interface BoxDecision {
  kind: keyof ReviewChange;
  /** Places in the lists that were compared. */
  preLabel?: number;
  box?: number;
}

/**
 * Counts what became of the pre-labels of a frame. `preLabels` in = kept + moved + relabelled + deleted; `boxes` out =
 * kept + moved + relabelled + added.
 */
export function compareWithPreLabels(preLabels: readonly LabelledBox[], boxes: readonly LabelledBox[]): ReviewChange {
  const change: ReviewChange = { kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0 };
  for (const { kind } of decisionsOf(preLabels, boxes)) change[kind]++;
  return change;
}

/**
 * What became of each pre-label, and where each box comes from. Pairs with IoU >= 0.5 are matched greedily, the best
 * overlap first and of equal ones those with equal labels; what has no partner was deleted or added.
 */
export function decisionsOf(preLabels: readonly LabelledBox[], boxes: readonly LabelledBox[]): BoxDecision[] {
  const pairs = preLabels.flatMap((preLabel, p) =>
    boxes.map((box, b) => {
      const same = isSame(preLabel, box);
      return { preLabel, box, p, b, same, iou: same ? 1 : intersectionOverUnion(preLabel, box) };
    }),
  );
  const candidates = pairs
    .filter((pair) => pair.iou >= MATCH_IOU)
    .sort((a, b) => b.iou - a.iou || Number(sameLabel(b)) - Number(sameLabel(a)) || a.p - b.p || a.b - b.b);

  const decisions: BoxDecision[] = [];
  const matchedPreLabels = new Set<number>();
  const matchedBoxes = new Set<number>();
  for (const pair of candidates) {
    if (matchedPreLabels.has(pair.p) || matchedBoxes.has(pair.b)) continue;
    matchedPreLabels.add(pair.p);
    matchedBoxes.add(pair.b);
    const kind = !sameLabel(pair) ? 'relabelled' : pair.same ? 'kept' : 'moved';
    decisions.push({ kind, preLabel: pair.p, box: pair.b });
  }
  preLabels.forEach((_, p) => {
    if (!matchedPreLabels.has(p)) decisions.push({ kind: 'deleted', preLabel: p });
  });
  boxes.forEach((_, b) => {
    if (!matchedBoxes.has(b)) decisions.push({ kind: 'added', box: b });
  });
  return decisions;
}

function sameLabel({ preLabel, box }: { preLabel: LabelledBox; box: LabelledBox }): boolean {
  return preLabel.label === box.label;
}

function isSame(a: PixelBox, b: PixelBox): boolean {
  return (['x1', 'y1', 'x2', 'y2'] as const).every((side) => Math.abs(a[side] - b[side]) <= SAME_PIXELS);
}
