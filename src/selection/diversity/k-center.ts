import { first, isBetterByGain, pickEach, type Diversify } from './diversify.js';

/**
 * Each time the item that gains most. Of items of the same worth that is the farthest from everything known: the greedy
 * 2-approximation of k-center (Gonzalez 1985) that Sener & Savarese (ICLR 2018) use for active learning, with the labelled
 * frames as its first centres.
 */
export const kCenter: Diversify = (pool) => pickEach(pool, (open) => first(open, isBetterByGain));
