import { PipelineError } from '../common/errors.js';
import { HASH_BITS } from '../common/perceptual-hash.js';
import type { Aggregate } from './scores/score.js';

/** How the frames of a round are chosen. */
export interface SelectionSettings {
  /** `interval`: every candidate goes to the people. `uncertainty`: as many as the budget, the most instructive first. */
  strategy: 'interval' | 'uncertainty';
  /** What people can do in a round. Without it every candidate is selected, whatever the strategy. */
  budget?: number;
  /** Whether the budget counts frames or the model's boxes in them, a frame without boxes as one. Default `frames`. */
  budgetUnit?: 'frames' | 'boxes';
  /** Leave out frames in which the model sees nothing, as older tools do. Default false: they show what it misses. */
  requireDetections?: boolean;
  /** Share of the budget that is drawn at random, to measure the model without the selection's bias. Default 0.1. */
  control?: number;
  /** Share of the control frames that people see without the model's boxes. Default 0.5. */
  blind?: number;
  /** Share of the budget for frames without detections that are far from anything labelled. Default 0.1. */
  explore?: number;
  /**
   * Greatest share of the budget that one video may get; an equal share it may always get. Default: a fifth, or two equal
   * shares where the round has fewer than ten videos.
   */
  perVideo?: number;
  /** Least shares of the budget for frames in which the model sees a class, as far as there are any. Default none. */
  perClass?: Readonly<Record<string, number>>;
  /** How much each score counts; 0 leaves it out. Default: 1, 0.2 (as in PPAL), 0.5 and 1. */
  scores?: { entropy?: number; difficulty?: number; rarity?: number; flicker?: number };
  /** How the values of a frame become one number. Default `sum`. */
  aggregate?: Aggregate;
  /** How frames unlike each other are chosen from the best ones. Default `k_center`. */
  diversity?: 'k_center' | 'k_means' | 'none';
  /** Frames whose hashes differ in fewer bits are near duplicates, and one of them is enough. 0..64, default 4. */
  minHammingDistance?: number;
  /** Another seed draws other control frames. Default `frameloop`. */
  seed?: string;
}

export type CompleteSettings = ReturnType<typeof withDefaults>;

/** Fills in the defaults; throws `SELECTION_BAD_SETTINGS` for values outside their range. */
export function withDefaults(settings: SelectionSettings) {
  const { strategy, budget, budgetUnit = 'frames', requireDetections = false, perVideo, perClass = {} } = settings;
  const { control = 0.1, blind = 0.5, explore = 0.1, aggregate = 'sum', diversity = 'k_center' } = settings;
  const { minHammingDistance = 4, seed = 'frameloop' } = settings;
  const scores = { entropy: 1, difficulty: 0.2, rarity: 0.5, flicker: 1, ...settings.scores };
  const check = (holds: boolean, problem: string) => {
    if (holds) return;
    throw new PipelineError('SELECTION_BAD_SETTINGS', `The selection settings do not fit: ${problem}.`, {
      hint: 'Mend the "selection" block of the configuration.',
    });
  };
  const isShare = (value: number) => value >= 0 && value <= 1;
  const quotas = Object.values(perClass);
  check(budget === undefined || (Number.isInteger(budget) && budget >= 0), `budget must be a whole number`);
  check(
    isShare(control) && isShare(explore) && control + explore <= 1,
    'control and explore must be shares that add up to 1 at most',
  );
  check(
    quotas.every(isShare) && control + explore + quotas.reduce((sum, share) => sum + share, 0) <= 1 + 1e-9,
    'control, explore and the shares of perClass must add up to 1 at most',
  );
  check(isShare(blind), 'blind must be a share from 0 to 1');
  check(perVideo === undefined || (perVideo > 0 && perVideo <= 1), 'perVideo must be a share above 0 and up to 1');
  check(
    Object.values(scores).every((weight) => weight >= 0 && Number.isFinite(weight)),
    'the weights of the scores must not be negative',
  );
  check(
    Number.isInteger(minHammingDistance) && minHammingDistance >= 0 && minHammingDistance <= HASH_BITS,
    'minHammingDistance must be a whole number from 0 to 64',
  );
  return {
    ...{ strategy, budget, budgetUnit, requireDetections, control, blind, explore, perVideo, perClass },
    ...{ scores, aggregate, diversity, minHammingDistance, seed },
  };
}
