import type { CompleteSettings } from '../settings.js';
import { byWorth } from './by-worth.js';
import type { Diversify } from './diversify.js';
import { kCenter } from './k-center.js';
import { kMeansPlusPlus } from './k-means.js';

export const diversifiers: Record<CompleteSettings['diversity'], Diversify> = {
  k_center: kCenter,
  k_means: kMeansPlusPlus,
  none: byWorth,
};
export { kCenter };
