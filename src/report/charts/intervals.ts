import type { Interval } from '../../evaluation/index.js';
import { chart, colour, dot, legend, line, text, type Colour } from './svg.js';

/** One value with its 95 % interval, of one series. */
export interface IntervalPoint {
  value: number;
  interval: Interval;
}

const width = 640;
const left = 96;
const right = 70;

/** Shares (0..1) with their intervals: a row for each measure, in it a dot for each series. */
export function intervalPlot(
  title: string,
  rows: readonly { label: string; points: readonly IntervalPoint[] }[],
  series: readonly { name: string; colour: Colour }[],
): string {
  const rowHeight = 14 * series.length + 16;
  const top = 30;
  const bottom = top + rows.length * rowHeight;
  const x = (share: number) => left + share * (width - left - right);
  const content = [legend(left, 14, series)];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    content.push(line(x(share), top, x(share), bottom, 'line'));
    content.push(text(x(share), bottom + 16, share.toFixed(2), { anchor: 'middle', fill: 'muted' }));
  }
  rows.forEach(({ label, points }, row) => {
    const middle = top + row * rowHeight + rowHeight / 2;
    content.push(text(left - 12, middle + 4, label, { anchor: 'end' }));
    points.forEach(({ value, interval }, index) => {
      if (Number.isNaN(value)) return;
      const y = middle + (index - (points.length - 1) / 2) * 14;
      const tint = series[index]?.colour ?? 'blue';
      if (!Number.isNaN(interval.low)) {
        content.push(
          line(
            x(interval.low),
            y,
            x(interval.high),
            y,
            tint,
            ' stroke-width="4" stroke-opacity="0.35" stroke-linecap="round"',
          ),
        );
      }
      content.push(dot(x(value), y, 4.5, tint));
      content.push(
        `<text x="${width - right + 10}" y="${y + 4}" fill="${colour('muted')}" font-size="11">${value.toFixed(2)}</text>`,
      );
    });
  });
  return chart(width, bottom + 24, title, content);
}
