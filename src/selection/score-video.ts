import type { Candidate, ComponentScores } from '../common/types.js';
import type { ClassKnowledge } from './class-knowledge.js';
import { toPicture, type Picture } from './picture-space.js';
import { describeBoxes, describeMerits } from './reason.js';
import { difficulty } from './scores/difficulty.js';
import { entropy } from './scores/entropy.js';
import { flicker } from './scores/flicker.js';
import { rarity } from './scores/rarity.js';
import { aggregate, type ScoreContext } from './scores/score.js';
import type { CompleteSettings } from './settings.js';

/** Sampled frames farther apart than this (seconds) are no neighbours: what they show has nothing to do with each other. */
const NEIGHBOURS_SECONDS = 5;

/** What selection keeps of a candidate while it looks at all of them: a few hundred bytes, however many boxes it has. */
export interface ScoredFrame extends Picture {
  frameId: string;
  videoKey: string;
  score: number;
  scores: ComponentScores;
  /** The score for what it costs: where boxes are paid for, what counts is how much is learned from each of them. */
  worth: number;
  /** In the unit of the budget. */
  cost: number;
  seesNothing: boolean;
  /** The classes with a quota that the model sees in it. */
  shows: readonly string[];
  /** What the model says of it, and what else speaks for it, in words. */
  boxes: string;
  merits: readonly string[];
}

/** Scores the frames of one video, in the order of time. */
export function scoreVideo(
  inOrder: readonly Candidate[],
  classes: ClassKnowledge,
  settings: CompleteSettings,
): ScoredFrame[] {
  return inOrder.map((candidate, index) => {
    const context = { previous: neighbour(inOrder, index, -1), next: neighbour(inOrder, index, 1), classes };
    return scoreFrame(candidate, context, settings);
  });
}

function scoreFrame(candidate: Candidate, context: ScoreContext, settings: CompleteSettings): ScoredFrame {
  const { aggregate: how, scores: weights, budgetUnit, perClass } = settings;
  const entropies = entropy.values(candidate, context);
  const scores: ComponentScores = {
    entropySum: aggregate(entropies, 'sum'),
    entropyMax: aggregate(entropies, 'max'),
    entropyMean: aggregate(entropies, 'mean'),
    difficulty: aggregate(difficulty.values(candidate, context), how),
    rarity: aggregate(rarity.values(candidate, context), how),
    flicker: aggregate(flicker.values(candidate, context), how),
  };
  const score =
    weights.entropy * aggregate(entropies, how) +
    weights.difficulty * scores.difficulty +
    weights.rarity * scores.rarity +
    weights.flicker * scores.flicker;
  const { frameId, videoKey, detections } = candidate;
  const cost = budgetUnit === 'frames' ? 1 : Math.max(1, detections.length);
  return {
    ...{ frameId, videoKey, ...toPicture(candidate), score, scores, worth: score / cost, cost },
    seesNothing: detections.length === 0,
    shows: Object.keys(perClass).filter((label) => detections.some((box) => box.label === label)),
    boxes: describeBoxes(candidate),
    merits: describeMerits(candidate, scores, context.classes),
  };
}

function neighbour(inOrder: readonly Candidate[], index: number, step: 1 | -1): Candidate | undefined {
  const here = inOrder[index];
  const other = inOrder[index + step];
  if (!here || !other) return undefined;
  return Math.abs(here.ptsSeconds - other.ptsSeconds) <= NEIGHBOURS_SECONDS ? other : undefined;
}
