import { seededRandom } from '../../common/random.js';
import { first, gain, isBetterByGain, pickEach, type Diversify } from './diversify.js';

/**
 * Each time an item by chance, in proportion to what it gains: the seeds of k-means++ (Arthur & Vassilvitskii, SODA 2007)
 * for weighted points. Follows the density of the footage where k-center seeks its outliers.
 */
export const kMeansPlusPlus: Diversify = (pool) => {
  const random = seededRandom(`${pool.seed}:k-means`);
  return pickEach(pool, (open) => {
    const total = open.reduce((sum, candidate) => sum + gain(candidate), 0);
    let left = random() * total;
    // Where nothing gains anything (no worth, or pictures that are known), the order decides.
    return open.find((candidate) => (left -= gain(candidate)) < 0) ?? first(open, isBetterByGain);
  });
};
