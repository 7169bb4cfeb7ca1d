import { wilsonInterval, type Interval } from './intervals.js';
import { matchFrame, type EvaluatedFrame, type Outcome } from './matching.js';

/** Confidences are looked at in this many ranges of equal width, as in Guo et al. */
const BINS = 10;

/** Detections whose confidence lies in one range. */
export interface CalibrationBin {
  /** The range is `from` < confidence <= `to`. */
  from: number;
  to: number;
  detections: number;
  /** NaN without detections. */
  meanConfidence: number;
  /** Share of them that are objects; NaN without detections. */
  precision: number;
  /** Of the precision, by Wilson. */
  interval: Interval;
}

export interface Calibration {
  bins: CalibrationBin[];
  /** Expected calibration error, 0..1: the mean distance of confidence and precision; NaN without detections. */
  error: number;
}

/**
 * Whether the confidence of a box is the probability that it is an object: of the boxes at 0.7, 70 % should be.
 *
 * Source: C. Guo et al., On Calibration of Modern Neural Networks (ICML 2017), section 2
 */
export function measureCalibration(frames: readonly EvaluatedFrame[], labels: readonly string[]): Calibration {
  const outcomes = frames.flatMap((frame) => outcomesOf(frame, labels));
  const bins = Array.from({ length: BINS }, (_, index): CalibrationBin => {
    const inside = outcomes.filter(({ confidence }) => binOf(confidence) === index);
    const hits = inside.filter(({ hit }) => hit).length;
    return {
      from: index / BINS,
      to: (index + 1) / BINS,
      detections: inside.length,
      meanConfidence: inside.reduce((sum, { confidence }) => sum + confidence, 0) / inside.length,
      precision: hits / inside.length,
      interval: wilsonInterval(hits, inside.length),
    };
  });
  const distance = ({ detections, meanConfidence, precision }: CalibrationBin) =>
    detections === 0 ? 0 : detections * Math.abs(meanConfidence - precision);
  return { bins, error: bins.reduce((sum, bin) => sum + distance(bin), 0) / outcomes.length };
}

const binOf = (confidence: number) => Math.min(Math.max(Math.ceil(confidence * BINS) - 1, 0), BINS - 1);

/** A confidence from which on boxes of a class are worth showing. */
export interface SuggestedThreshold {
  label: string;
  confidence: number;
  /** Boxes that people must delete or add at this threshold, and at the one that was used. */
  edits: number;
  editsNow: number;
}

/**
 * The threshold for the pre-labels of each class at which people have to delete and add the fewest boxes; of equal ones
 * the lowest, since a box is deleted faster than it is drawn. Below the confidence that the detector was asked for
 * nothing is known. Classes without detections have none.
 */
export function suggestThresholds(frames: readonly EvaluatedFrame[], labels: readonly string[]): SuggestedThreshold[] {
  return labels.flatMap((label): SuggestedThreshold[] => {
    const objects = frames.reduce((sum, { truth }) => sum + truth.filter((box) => box.label === label).length, 0);
    const outcomes = frames.flatMap((frame) => outcomesOf(frame, [label])).sort((a, b) => b.confidence - a.confidence);
    if (outcomes.length === 0) return [];
    // Showing nothing is a threshold too: above every confidence.
    let best = { confidence: 1, edits: objects };
    let edits = objects;
    outcomes.forEach(({ confidence, hit }, index) => {
      edits += hit ? -1 : 1;
      const isLastOfItsConfidence = outcomes[index + 1]?.confidence !== confidence;
      if (isLastOfItsConfidence && edits <= best.edits) best = { confidence, edits };
    });
    return [{ label, ...best, editsNow: edits }];
  });
}

function outcomesOf(frame: EvaluatedFrame, labels: readonly string[]): Outcome[] {
  return [...matchFrame(frame, labels).values()].flatMap(({ outcomes }) => outcomes);
}
