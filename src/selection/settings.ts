import { PipelineError } from '../common/errors.js';
import { HASH_BITS } from './perceptual-hash.js';

/** How the frames of a round are chosen. */
export interface SelectionSettings {
  /** `interval`: every candidate goes to the people. `uncertainty`: as many as the budget, the most instructive first. */
  strategy: 'interval' | 'uncertainty';
  /** Frames per round. Without it every candidate is selected, whatever the strategy. */
  budget?: number;
  /** Leave out frames in which the model sees nothing, as older tools do. Default false: they show what it misses. */
  requireDetections?: boolean;
  /** Share of the budget that is drawn at random, to measure the model without the selection's bias. Default 0.1. */
  control?: number;
  /** Share of the budget for frames without detections that are far from anything labelled. Default 0.1. */
  explore?: number;
  /** Greatest share of the budget that one video may get; not applied when there is one video. Default 0.5. */
  perVideo?: number;
  /** Frames whose hashes differ in fewer bits are near duplicates, and one of them is enough. 0..64, default 4. */
  minHammingDistance?: number;
  /** Another seed draws other control frames. Default `frameloop`. */
  seed?: string;
}

/** Fills in the defaults; throws `SELECTION_BAD_SETTINGS` for values outside their range. */
export function withDefaults(settings: SelectionSettings) {
  const { strategy, budget, requireDetections = false, control = 0.1, explore = 0.1, perVideo = 0.5 } = settings;
  const { minHammingDistance = 4, seed = 'frameloop' } = settings;
  const check = (holds: boolean, problem: string) => {
    if (holds) return;
    throw new PipelineError('SELECTION_BAD_SETTINGS', `The selection settings do not fit: ${problem}.`, {
      hint: 'Mend the "selection" block of the configuration.',
    });
  };
  check(budget === undefined || (Number.isInteger(budget) && budget >= 0), 'budget must be a whole number of frames');
  check(
    control >= 0 && explore >= 0 && control + explore <= 1,
    'control and explore must be shares that add up to 1 at most',
  );
  check(perVideo > 0 && perVideo <= 1, 'perVideo must be a share above 0 and up to 1');
  check(
    Number.isInteger(minHammingDistance) && minHammingDistance >= 0 && minHammingDistance <= HASH_BITS,
    'minHammingDistance must be a whole number from 0 to 64',
  );
  return { strategy, budget, requireDetections, control, explore, perVideo, minHammingDistance, seed };
}
