import { matchFrame, type EvaluatedFrame, type MatchedFrame } from './matching.js';

/** COCO reads the curve of precision over recall at 0, 0.01 … 1. */
const RECALL_STEPS = 100;

/**
 * Average precision of one class at an IoU of 0.5 (AP50), 0..1, as COCO computes it: over all frames, best detection
 * first, precision is made non-increasing in recall and averaged over 101 levels of recall. NaN where no frame shows the
 * class.
 *
 * Source: T.-Y. Lin et al., Microsoft COCO (2014), https://cocodataset.org/#detection-eval
 */
export function averagePrecision(frames: readonly EvaluatedFrame[], label: string): number {
  return averagePrecisionOf(
    frames.map((frame) => matchFrame(frame, [label])),
    label,
  );
}

/** The same for frames that were matched before. */
export function averagePrecisionOf(frames: readonly MatchedFrame[], label: string): number {
  const outcomes = frames.flatMap((frame) => frame.get(label)?.outcomes ?? []);
  const objects = frames.reduce((sum, frame) => sum + (frame.get(label)?.objects ?? 0), 0);
  if (objects === 0) return NaN;
  outcomes.sort((a, b) => b.confidence - a.confidence);

  let found = 0;
  const recall: number[] = [];
  const precision = outcomes.map(({ hit }, index) => {
    if (hit) found++;
    recall.push(found / objects);
    return found / (index + 1);
  });
  for (let index = precision.length - 2; index >= 0; index--) {
    precision[index] = Math.max(precision[index] ?? 0, precision[index + 1] ?? 0);
  }
  let sum = 0;
  let index = 0;
  for (let step = 0; step <= RECALL_STEPS; step++) {
    while (index < recall.length && (recall[index] ?? 0) < step / RECALL_STEPS) index++;
    sum += precision[index] ?? 0;
  }
  return sum / (RECALL_STEPS + 1);
}

/** The mean of {@link averagePrecision} over those of the classes that occur (mAP50); NaN where none does. */
export function meanAveragePrecision(frames: readonly EvaluatedFrame[], labels: readonly string[]): number {
  return meanAveragePrecisionOf(
    frames.map((frame) => matchFrame(frame, labels)),
    labels,
  );
}

/** The same for frames that were matched before. */
export function meanAveragePrecisionOf(frames: readonly MatchedFrame[], labels: readonly string[]): number {
  const known = labels.map((label) => averagePrecisionOf(frames, label)).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
