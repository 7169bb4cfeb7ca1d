import { averagePrecisionOf, meanAveragePrecisionOf } from './average-precision.js';
import { bootstrapInterval, wilsonInterval, type Interval } from './intervals.js';
import { matchFrame, type EvaluatedFrame, type MatchedFrame } from './matching.js';

/** How often model and people agree. Shares in 0..1; NaN where there is nothing to divide by. */
export interface Agreement {
  objects: number;
  detections: number;
  /** Detections that are objects (IoU 0.5 or more, same class). */
  hits: number;
  precision: number;
  recall: number;
  f1: number;
  /** AP50 of one class, mAP50 of several. */
  averagePrecision: number;
}

export interface ClassAgreement extends Agreement {
  label: string;
  /** By Wilson. */
  intervals: { precision: Interval; recall: Interval };
}

/** Agreement with 95 % intervals: by Wilson for shares, by resampling whole frames for the others. */
export interface MeasuredAgreement extends Agreement {
  frames: number;
  classes: ClassAgreement[];
  intervals: { precision: Interval; recall: Interval; f1: Interval; averagePrecision: Interval };
}

/**
 * Measures what a model says of frames against what people left in them, over all classes (counts summed, mAP50) and
 * class by class. Pure; the intervals are drawn with a fixed seed.
 */
export function measureAgreement(frames: readonly EvaluatedFrame[], labels: readonly string[]): MeasuredAgreement {
  const matched = frames.map((frame) => matchFrame(frame, labels));
  const all = agreementOf(matched, labels);
  return {
    frames: frames.length,
    ...all,
    classes: classesOf(matched, labels),
    intervals: {
      ...shareIntervals(all),
      f1: intervalOf(
        matched,
        ({ objects, detections }) => objects + detections,
        (drawn) => countsOf(drawn, labels).f1,
      ),
      averagePrecision: intervalOf(
        matched,
        ({ objects }) => objects,
        (drawn) => meanAveragePrecisionOf(drawn, labels),
      ),
    },
  };
}

/** Of a single frame with anything to measure, every draw says the same: that is no certainty. */
function intervalOf(
  frames: readonly MatchedFrame[],
  thingsIn: (counts: ReturnType<typeof countsOf>) => number,
  statistic: (drawn: readonly MatchedFrame[]) => number,
): Interval {
  const telling = frames.filter((frame) => thingsIn(countsOf([frame], [...frame.keys()])) > 0);
  return telling.length < 2 ? { low: NaN, high: NaN } : bootstrapInterval(frames, statistic);
}

/** The same class by class and without intervals, which take most of the time. */
export function agreementByClass(frames: readonly EvaluatedFrame[], labels: readonly string[]): ClassAgreement[] {
  return classesOf(
    frames.map((frame) => matchFrame(frame, labels)),
    labels,
  );
}

const classesOf = (frames: readonly MatchedFrame[], labels: readonly string[]): ClassAgreement[] =>
  labels.map((label) => {
    const agreement = agreementOf(frames, [label]);
    return { label, ...agreement, intervals: shareIntervals(agreement) };
  });

const shareIntervals = ({ hits, detections, objects }: Agreement) => ({
  precision: wilsonInterval(hits, detections),
  recall: wilsonInterval(hits, objects),
});

function agreementOf(frames: readonly MatchedFrame[], labels: readonly string[]): Agreement {
  const [only, ...others] = labels;
  const averagePrecision =
    only !== undefined && others.length === 0
      ? averagePrecisionOf(frames, only)
      : meanAveragePrecisionOf(frames, labels);
  return { ...countsOf(frames, labels), averagePrecision };
}

function countsOf(frames: readonly MatchedFrame[], labels: readonly string[]): Omit<Agreement, 'averagePrecision'> {
  let objects = 0;
  let detections = 0;
  let hits = 0;
  for (const frame of frames) {
    for (const label of labels) {
      const matched = frame.get(label);
      if (!matched) continue;
      objects += matched.objects;
      detections += matched.outcomes.length;
      for (const { hit } of matched.outcomes) if (hit) hits++;
    }
  }
  const f1 = (2 * hits) / (objects + detections);
  return { objects, detections, hits, precision: hits / detections, recall: hits / objects, f1 };
}
