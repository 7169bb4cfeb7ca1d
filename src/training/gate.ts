import { averagePrecision, meanAveragePrecision, type EvaluatedFrame } from '../evaluation/index.js';

/** How a new model did against the one in use. */
export interface Judgement {
  accepted: boolean;
  /** In words, for the log and the report. */
  reason: string;
  /** mAP50 of both on the same frames, 0..1; absent where there was nothing to measure on. */
  newScore?: number;
  currentScore?: number;
}

/**
 * Decides whether a newly trained model takes the place of the one in use: only if its mAP50 is not worse, on frames of
 * videos that no model is trained on.
 *
 * @param labels the classes of the dataset
 * @param frames what each model says of the same frames
 */
export function judge(
  labels: readonly string[],
  frames: { new: readonly EvaluatedFrame[]; current: readonly EvaluatedFrame[] },
  side: string,
): Judgement {
  const newScore = meanAveragePrecision(frames.new, labels);
  const currentScore = meanAveragePrecision(frames.current, labels);
  if (Number.isNaN(newScore)) {
    return {
      accepted: false,
      reason: 'not taken: there is no labelled frame outside the training videos to compare the models on',
    };
  }
  const accepted = newScore >= currentScore;
  const scores = `mAP50 ${newScore.toFixed(3)} against ${currentScore.toFixed(3)} on ${frames.new.length} ${side} frames`;
  return {
    accepted,
    reason: `${accepted ? 'taken' : 'not taken'}: ${scores}${worst(labels, frames)}`,
    newScore,
    currentScore,
  };
}

/** The class that lost most, since a mean can hide it. */
function worst(
  labels: readonly string[],
  frames: { new: readonly EvaluatedFrame[]; current: readonly EvaluatedFrame[] },
): string {
  let most = { label: '', loss: 0, text: '' };
  for (const label of labels) {
    const before = averagePrecision(frames.current, label);
    const after = averagePrecision(frames.new, label);
    if (before - after > most.loss) {
      most = { label, loss: before - after, text: `; ${label} fell from ${before.toFixed(3)} to ${after.toFixed(3)}` };
    }
  }
  return most.text;
}
