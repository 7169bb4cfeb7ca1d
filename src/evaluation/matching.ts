import { intersectionOverUnion } from '../common/geometry.js';
import type { Detection, LabelledBox } from '../common/types.js';

/** What a model says of a frame, and what is there. */
export interface EvaluatedFrame {
  detections: readonly Pick<Detection, 'label' | 'confidence' | 'x1' | 'y1' | 'x2' | 'y2'>[];
  truth: readonly LabelledBox[];
}

/** A detection and whether it is an object that no better one had found. */
export interface Outcome {
  confidence: number;
  hit: boolean;
}

/** What matching made of one frame, by class. */
export type MatchedFrame = ReadonlyMap<string, { objects: number; outcomes: readonly Outcome[] }>;

/** A detection and an object that overlap (IoU) by at least this are the same: the criterion of PASCAL VOC. */
const SAME_OBJECT = 0.5;

/** COCO looks at so many detections of a class in a picture, the best ones. */
const DETECTIONS_PER_FRAME = 100;

/**
 * Finds out which detections are right, as COCO does: class by class the detections, best first, each take the object
 * that they overlap most (IoU 0.5 or more) among those that are still free.
 *
 * Source: T.-Y. Lin et al., Microsoft COCO (2014), https://cocodataset.org/#detection-eval
 */
export function matchFrame(frame: EvaluatedFrame, labels: readonly string[]): MatchedFrame {
  return new Map(labels.map((label) => [label, matchClass(frame, label)]));
}

function matchClass({ detections, truth }: EvaluatedFrame, label: string): { objects: number; outcomes: Outcome[] } {
  const objects = truth.filter((box) => box.label === label);
  const taken = new Set<LabelledBox>();
  const outcomes = detections
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
  return { objects: objects.length, outcomes };
}
