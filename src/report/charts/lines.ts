import type { IntervalPoint } from './intervals.js';
import { chart, colour, dot, fit, legend, line, round, text, type Colour } from './svg.js';

/** A line over the rounds; where a round has no value, it is broken. */
export interface Series {
  name: string;
  colour: Colour;
  points: readonly (IntervalPoint | undefined)[];
}

const width = 500;
const height = 240;
const margin = { left: 46, right: 16, top: 30, bottom: 40 };

/** Values round by round, with their intervals as bands. `most`: top of the scale; default: the greatest value. */
export function lineChart(
  title: string,
  rounds: readonly string[],
  series: readonly Series[],
  { most, format = (value: number) => value.toFixed(2) }: { most?: number; format?: (value: number) => string } = {},
): string {
  const known = series.flatMap(({ points }) => points.flatMap((point) => (point ? [point.value] : [])));
  const top = most ?? roundUp(Math.max(...known.filter((value) => !Number.isNaN(value)), 0));
  const room = { x: width - margin.left - margin.right, y: height - margin.top - margin.bottom };
  const x = (index: number) =>
    margin.left + (rounds.length === 1 ? 0.5 : index / (rounds.length - 1)) * room.x * 0.94 + room.x * 0.03;
  const y = (value: number) => margin.top + room.y * (1 - Math.min(value / top, 1));
  const content = [legend(margin.left, 14, series)];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    content.push(line(margin.left, y(share * top), width - margin.right, y(share * top), 'line'));
    content.push(text(margin.left - 8, y(share * top) + 4, format(share * top), { anchor: 'end', fill: 'muted' }));
  }
  const every = Math.ceil((rounds.length * 70) / room.x);
  rounds.forEach((label, index) => {
    if (index % every !== 0) return;
    content.push(
      text(x(index), height - 14, fit(label, room.x / Math.min(rounds.length, 8)), { anchor: 'middle', fill: 'muted' }),
    );
  });
  series.forEach(({ points, colour: tint }, index) => {
    // A little beside each other, so that no interval hides another.
    const aside = (index - (series.length - 1) / 2) * 9;
    content.push(...drawSeries(points, tint, (round) => x(round) + aside, y));
  });
  return chart(width, height, title, content);
}

/** The next number above whose quarters are easy to read: 4, 8, 12, 20 or 40 times a power of ten. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** (Math.floor(Math.log10(value)) - 1);
  return [4, 8, 12, 20, 40, 80, 120].map((steps) => steps * power).find((top) => top >= value * 1.02) ?? value;
}

function drawSeries(
  points: Series['points'],
  tint: Colour,
  x: (index: number) => number,
  y: (value: number) => number,
): string[] {
  const drawn = points.flatMap((point, index) =>
    point && !Number.isNaN(point.value) ? [{ ...point, x: x(index) }] : [],
  );
  const path = drawn
    .map(({ x: at, value }, index) => `${index === 0 ? 'M' : 'L'}${round(at)},${round(y(value))}`)
    .join('');
  const whiskers = drawn
    .filter(({ interval }) => !Number.isNaN(interval.low))
    .map(({ x: at, interval }) =>
      line(
        at,
        y(interval.low),
        at,
        y(interval.high),
        tint,
        ' stroke-width="6" stroke-opacity="0.25" stroke-linecap="round"',
      ),
    );
  const stroke = `<path d="${path}" fill="none" stroke="${colour(tint)}" stroke-width="2"/>`;
  return [
    ...whiskers,
    ...(drawn.length > 1 ? [stroke] : []),
    ...drawn.map((point) => dot(point.x, y(point.value), 4, tint)),
  ];
}
