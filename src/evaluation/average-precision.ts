import { intersectionOverUnion } from '../common/geometry.js';
import type { Detection, LabelledBox } from '../common/types.js';

/** What a model says of a frame, and what is there. */
export interface EvaluatedFrame {
  detections: readonly Pick<Detection, 'label' | 'confidence' | 'x1' | 'y1' | 'x2' | 'y2'>[];
  truth: readonly LabelledBox[];
}

/** A detection and an object that overlap (IoU) by at least this are the same: the criterion of PASCAL VOC. */
const SAME_OBJECT = 0.5;

/** COCO looks at so many detections of a class in a picture, the best ones. */
const DETECTIONS_PER_FRAME = 100;

/** COCO reads the curve of precision over recall at 0, 0.01 … 1. */
const RECALL_STEPS = 100;

/**
 * Average precision of one class at an IoU of 0.5 (AP50), 0..1, as COCO computes it: in each frame the detections, best
 * first, each take the object that they overlap most among those that are still free; over all frames, best first,
 * precision is made non-increasing in recall and averaged over 101 levels of recall. NaN where no frame shows the class.
 *
 * Source: T.-Y. Lin et al., Microsoft COCO (2014), https://cocodataset.org/#detection-eval
 */
export function averagePrecision(frames: readonly EvaluatedFrame[], label: string): number {
  const outcomes = frames.flatMap((frame) => matchInFrame(frame, label));
  const objects = frames.reduce((sum, { truth }) => sum + truth.filter((box) => box.label === label).length, 0);
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
  const known = labels.map((label) => averagePrecision(frames, label)).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Whether each detection of the class found an object that no better one had found. */
function matchInFrame({ detections, truth }: EvaluatedFrame, label: string): { confidence: number; hit: boolean }[] {
  const objects = truth.filter((box) => box.label === label);
  const taken = new Set<LabelledBox>();
  return detections
    .filter((detection) => detection.label === label)
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, DETECTIONS_PER_FRAME)
    .map((detection) => {
      let best: LabelledBox | undefined;
      let most = SAME_OBJECT;
      for (const object of objects) {
        if (taken.has(object)) continue;
        const overlap = intersectionOverUnion(detection, object);
        // Of equal overlaps COCO takes the later object.
        if (overlap < most) continue;
        most = overlap;
        best = object;
      }
      if (best) taken.add(best);
      return { confidence: detection.confidence, hit: best !== undefined };
    });
}
