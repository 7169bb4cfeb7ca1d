import type { Candidate } from '../../common/types.js';
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

/**
 * More values than this add nothing to a sum: otherwise a crowd of easy objects outweighs one hard picture. The greatest
 * count, and not those of the surest boxes: in a crowd these would hide the very boxes that the model is unsure of.
 */
const MOST_VALUES = 20;

/** `sum`: 0..20; `max` and `mean`: 0..1; 0 for a frame without values. The same in whatever order the values come. */
export function aggregate(values: readonly number[], how: Aggregate): number {
  if (values.length === 0) return 0;
  const greatestFirst = [...values].sort((a, b) => b - a);
  if (how === 'max') return greatestFirst[0]!;
  const total = (some: readonly number[]) => some.reduce((sum, value) => sum + value, 0);
  return how === 'sum' ? total(greatestFirst.slice(0, MOST_VALUES)) : total(greatestFirst) / values.length;
}
