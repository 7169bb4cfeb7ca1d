import type { Candidate, ComponentScores, SelectedFrame } from '../common/types.js';
import type { EvaluatedFrame } from '../evaluation/index.js';
import { learnClasses, type ClassKnowledge } from './class-knowledge.js';
import type { Choice } from './basket.js';
import { fillBudget } from './fill-budget.js';
import { toPicture, type Picture } from './picture-space.js';
import { Rejections } from './rejections.js';
import { scoreVideo, type ScoredFrame } from './score-video.js';
import { withDefaults, type CompleteSettings, type SelectionSettings } from './settings.js';

/** What selection needs to know of a frame that went to people in an earlier round. */
export interface LabelledFrame {
  frameId: string;
  perceptualHash: string;
  embedding?: readonly number[];
}

/** What earlier rounds tell. */
export interface Experience {
  labelled: readonly LabelledFrame[];
  /** What the model said of frames, and what people left in them. */
  corrected: readonly EvaluatedFrame[];
}

/** What makes a candidate a {@link SelectedFrame}. */
export type Decision = Pick<SelectedFrame, 'frameId' | 'arm' | 'score' | 'reason' | 'blind'> & {
  scores: ComponentScores;
};

/** The frames for people, sorted by frameId, and how many of the others were left out for which reason. */
export interface Selection {
  decisions: Decision[];
  rejected: { reason: string; count: number }[];
}

/**
 * Chooses the frames of a round. It is given the candidates video by video and keeps only a few hundred bytes of each,
 * so that a round may have any number of them. Pure, and the same for the same candidates in any order of the videos.
 *
 * Without a budget, or with the strategy `interval`, every candidate is selected. Else frames that look like a labelled
 * frame or like a better frame of the round go, and `fillBudget` spends the budget on the rest. Frames labelled before are
 * never selected again, by any strategy.
 *
 * Throws `SELECTION_BAD_SETTINGS` and `PERCEPTUAL_HASH_INVALID`.
 */
export class Selector {
  readonly #settings: CompleteSettings;
  readonly #classes: ClassKnowledge;
  readonly #labelledIds: ReadonlySet<string>;
  readonly #labelled: Picture[];
  readonly #open = new Map<string, ScoredFrame>();
  readonly #rejections = new Rejections();

  constructor(settings: SelectionSettings, { labelled, corrected }: Experience) {
    this.#settings = withDefaults(settings);
    this.#classes = learnClasses(corrected);
    this.#labelledIds = new Set(labelled.map(({ frameId }) => frameId));
    const distinct = new Map(labelled.map((frame) => [frame.perceptualHash.toLowerCase(), frame]));
    this.#labelled = [...distinct.values()].map(toPicture);
  }

  /** Takes the candidates of a video, all at once: some scores look at neighbours in time. */
  addVideo(candidates: readonly Candidate[]): void {
    const inOrder = [...candidates].sort((a, b) => a.ptsSeconds - b.ptsSeconds || byFrameId(a, b));
    for (const frame of scoreVideo(inOrder, this.#classes, this.#settings)) {
      if (this.#open.has(frame.frameId)) this.#rejections.add('sampled twice');
      else if (this.#labelledIds.has(frame.frameId)) this.#rejections.add('labelled in an earlier round');
      else if (this.#settings.requireDetections && frame.seesNothing) this.#rejections.add('no detections');
      else this.#open.set(frame.frameId, frame);
    }
  }

  /** Called once, after the last video. */
  select(): Selection {
    const { strategy, budget } = this.#settings;
    const choices =
      strategy === 'interval' || budget === undefined ? this.#all() : this.#withinBudget(budget, this.#settings);
    const decisions = choices.map(toDecision).sort(byFrameId);
    return { decisions, rejected: this.#rejections.list() };
  }

  #all(): Choice[] {
    return [...this.#open.values()].map((frame) => ({
      frame,
      arm: 'all',
      reason: `every sampled frame; ${frame.boxes}`,
    }));
  }

  #withinBudget(budget: number, settings: CompleteSettings): Choice[] {
    const bestFirst = [...this.#open.values()].sort((a, b) => b.worth - a.worth || byFrameId(a, b));
    return fillBudget(bestFirst, this.#labelled, { budget, settings }, this.#rejections).choices;
  }
}

function toDecision({ frame, arm, reason, novelty, blind }: Choice): Decision {
  const { frameId, score, scores } = frame;
  return { frameId, arm, score, scores: novelty === undefined ? scores : { ...scores, novelty }, reason, blind };
}

function byFrameId(a: { frameId: string }, b: { frameId: string }): number {
  return a.frameId < b.frameId ? -1 : a.frameId > b.frameId ? 1 : 0;
}
