import type { SelectedFrame } from '../common/types.js';
import { diversifiers } from './diversity/index.js';
import { spaceOf, type Picture, type PictureSpace } from './picture-space.js';
import { portion, Purse } from './purse.js';
import { describeNovelty } from './reason.js';
import type { ScoredFrame } from './score-video.js';
import type { CompleteSettings } from './settings.js';

export interface Choice {
  frame: ScoredFrame;
  arm: SelectedFrame['arm'];
  reason: string;
  novelty?: number;
  blind?: boolean;
}

/** What a pick for diversity becomes. */
export type ToChoice = (frame: ScoredFrame, novelty: string) => Omit<Choice, 'frame' | 'novelty'>;

/** The frames that were chosen so far for a round with a budget, and what is left of the budget. */
export class Basket {
  readonly purse: Purse;
  readonly #settings: CompleteSettings;
  readonly #space: PictureSpace;
  readonly #known: Picture[];
  readonly #choices = new Map<string, Choice>();

  /**
   * @param candidates of the round
   * @param labelled what earlier rounds had
   */
  constructor(
    candidates: readonly ScoredFrame[],
    labelled: readonly Picture[],
    round: { budget: number; settings: CompleteSettings },
  ) {
    this.#settings = round.settings;
    const videos = new Set(candidates.map(({ videoKey }) => videoKey)).size;
    this.purse = new Purse(round.budget, videoLimit(round.settings.perVideo, round.budget, videos));
    this.#space = spaceOf([...candidates, ...labelled]);
    this.#known = [...labelled];
  }

  get choices(): Choice[] {
    return [...this.#choices.values()];
  }

  holds({ frameId }: ScoredFrame): boolean {
    return this.#choices.has(frameId);
  }

  makeBlind({ frameId }: ScoredFrame): void {
    const choice = this.#choices.get(frameId);
    if (choice) choice.blind = true;
  }

  take(choice: Choice): void {
    this.purse.pay(choice.frame);
    this.#known.push(choice.frame);
    this.#choices.set(choice.frame.frameId, choice);
  }

  /**
   * Takes frames of a pool that are unlike each other and everything known, until a share of the budget is spent. Returns
   * what is left of the share.
   */
  takeDiverse(
    items: readonly ScoredFrame[],
    share: number,
    toChoice: ToChoice,
    { method = diversifiers[this.#settings.diversity], worth = ({ worth }: ScoredFrame) => worth } = {},
  ): number {
    let left = share;
    if (left < 1) return left;
    const allowed = (frame: ScoredFrame) => frame.cost <= left && this.purse.canPay(frame);
    const { seed } = this.#settings;
    for (const pick of method({ items, worth, seeds: this.#known, space: this.#space, seed, allowed })) {
      const novelty = describeNovelty(pick.distance, this.#space);
      this.take({ frame: pick.item, novelty: Math.min(pick.distance, 1), ...toChoice(pick.item, novelty) });
      left -= pick.item.cost;
      if (left < 1) break;
    }
    return left;
  }
}

/**
 * What one video may take of the budget. Without a setting a fifth, and twice an equal share at least: with a few videos
 * a fifth would be an equal share or less, and nothing would be left to choose between a good video and a bad one.
 */
function videoLimit(perVideo: number | undefined, budget: number, videos: number): number {
  const equal = 1 / Math.max(videos, 1);
  const share = perVideo ?? Math.min(1, Math.max(0.2, 2 * equal));
  return Math.max(portion(share, budget), Math.ceil(equal * budget));
}
