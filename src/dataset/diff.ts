import { compareWithPreLabels } from './compare.js';
import type { DatasetRecord, ReviewChange } from './types.js';

/** What became of a dataset between two versions. */
export interface DatasetDiff {
  added: string[];
  removed: string[];
  /** Frames whose boxes differ, with what was done to them. */
  changed: (ReviewChange & { frameId: string })[];
  /** In both, with the same boxes. */
  unchanged: number;
  /** Boxes before and after. */
  boxes: { before: number; after: number };
}

/** Compares two versions, frame by frame. Pure. */
export function diffRecords(before: readonly DatasetRecord[], after: readonly DatasetRecord[]): DatasetDiff {
  const old = new Map(before.map((record) => [record.frameId, record]));
  const now = new Map(after.map((record) => [record.frameId, record]));
  const diff: DatasetDiff = {
    added: after.filter(({ frameId }) => !old.has(frameId)).map(({ frameId }) => frameId),
    removed: before.filter(({ frameId }) => !now.has(frameId)).map(({ frameId }) => frameId),
    changed: [],
    unchanged: 0,
    boxes: { before: countBoxes(before), after: countBoxes(after) },
  };
  for (const { frameId, labelSha256, boxes } of after) {
    const earlier = old.get(frameId);
    if (!earlier) continue;
    if (earlier.labelSha256 === labelSha256) diff.unchanged++;
    else diff.changed.push({ frameId, ...compareWithPreLabels(earlier.boxes, boxes) });
  }
  return diff;
}

const countBoxes = (records: readonly DatasetRecord[]) => records.reduce((sum, { boxes }) => sum + boxes.length, 0);
