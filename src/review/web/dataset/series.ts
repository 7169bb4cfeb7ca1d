import type { WireDatasetRound } from '../../wire.js';
import type { Category } from '../charts/chart.js';
import { changeSeries, splitSeries } from '../charts/palette.js';

/** The date of a round for an axis: `active-learning-20261125-043342-ea00` began on 25 November. */
export function roundName(id: string): string {
  const [, year, month, day] = /(\d{4})-?(\d{2})-?(\d{2})/.exec(id) ?? [];
  if (year === undefined) return id.slice(-8);
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** The size of the dataset after each round, by side of the split. */
export function growth(rounds: readonly WireDatasetRound[]): Category[] {
  const totals = { train: 0, val: 0, test: 0 };
  return rounds.map(({ id, bySplit }) => {
    for (const { key } of splitSeries) totals[key] += bySplit[key];
    return { name: roundName(id), title: id, values: splitSeries.map(({ key }) => totals[key]) };
  });
}

export const reviewChanges = (rounds: readonly WireDatasetRound[]): Category[] =>
  rounds.map(({ id, changes }) => ({
    name: roundName(id),
    title: id,
    values: changeSeries.map(({ key }) => changes[key]),
  }));
