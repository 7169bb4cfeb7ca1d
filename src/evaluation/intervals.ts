import { seededRandom } from '../common/random.js';

/** A 95 % confidence interval; both ends NaN where nothing is known. */
export interface Interval {
  low: number;
  high: number;
}

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/** Draws for an interval: its ends then vary by a few per cent of its width, and a report of ten rounds takes seconds. */
const RESAMPLES = 300;

/**
 * Interval of a share `successes / trials`, also good for few trials and shares near 0 or 1.
 *
 * Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference (JASA, 1927)
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: NaN, high: NaN };
  const share = successes / trials;
  const middle = share + (Z * Z) / (2 * trials);
  const reach = Z * Math.sqrt((share * (1 - share)) / trials + (Z * Z) / (4 * trials * trials));
  const scale = 1 + (Z * Z) / trials;
  return { low: Math.max(0, (middle - reach) / scale), high: Math.min(1, (middle + reach) / scale) };
}

/**
 * Interval of any statistic of items, by drawing as many of them again with replacement: the percentile bootstrap. The
 * items must be independent, so whole frames are drawn and not boxes. Fewer than two items tell nothing.
 *
 * Source: B. Efron, Bootstrap Methods: Another Look at the Jackknife (Annals of Statistics, 1979)
 */
export function bootstrapInterval<T>(
  items: readonly T[],
  statistic: (drawn: readonly T[]) => number,
  seed = 'bootstrap',
): Interval {
  if (items.length < 2) return { low: NaN, high: NaN };
  const random = seededRandom(seed);
  const values: number[] = [];
  for (let draw = 0; draw < RESAMPLES; draw++) {
    const value = statistic(items.map(() => items[Math.floor(random() * items.length)]!));
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

/** Of sorted values, interpolated between neighbours. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}
