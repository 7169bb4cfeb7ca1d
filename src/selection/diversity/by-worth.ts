import { first, isBetterByWorth, pickEach, type Diversify } from './diversify.js';

/** Without regard to diversity: the greatest worth first. */
export const byWorth: Diversify = (pool) => pickEach(pool, (open) => first(open, isBetterByWorth));
