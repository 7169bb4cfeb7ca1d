import type { Candidate, Detection } from '../../common/types.js';
import type { ClassKnowledge } from '../class-knowledge.js';

/** What a score may look at besides the frame itself. */
export interface ScoreContext {
  /** The sampled frames before and after it in its video, where they are near in time. */
  previous?: Candidate;
  next?: Candidate;
  classes: ClassKnowledge;
}

/** One way to say how much of a frame is worth a person's time. */
export interface FrameScore {
  /** One value of 0..1 for each thing in the frame that counts. */
  values(frame: Candidate, context: ScoreContext): number[];
}

/** How the values of a frame become one number. Probst et al. (2022): this matters as much as the score itself. */
export type Aggregate = 'sum' | 'max' | 'mean';

/** More boxes than this add nothing: otherwise a crowd of easy objects outweighs one hard picture. */
export const MOST_BOXES = 20;

/** The boxes that count: the best ones. In an order of its own, so that sums are the same however the boxes came. */
export function countedBoxes({ detections }: Candidate): Detection[] {
  return [...detections].sort((a, b) => b.confidence - a.confidence || a.x1 - b.x1 || a.y1 - b.y1).slice(0, MOST_BOXES);
}

/** `sum`: 0..20; `max` and `mean`: 0..1; 0 for a frame without values. */
export function aggregate(values: readonly number[], how: Aggregate): number {
  if (values.length === 0) return 0;
  if (how === 'max') return Math.max(...values);
  const sum = values.reduce((total, value) => total + value, 0);
  return how === 'sum' ? sum : sum / values.length;
}
