import { chart, line, rect, text } from './svg.js';

/** Counts of a grid, row by row from the top. */
export interface Grid {
  columns: number;
  rows: number;
  counts: readonly number[];
}

const left = 46;
const top = 8;
const bottom = 38;

/** Where much is: the darker, the more, by the square root so that little is seen too. */
export function heatMap(
  title: string,
  grid: Grid,
  { x: xAxis, y: yAxis, xTicks, yTicks, cell = 16 }: HeatMapAxes,
): string {
  const [width, height] = [grid.columns * cell, grid.rows * cell];
  const most = Math.max(...grid.counts, 1);
  const content = [rect(left, top, width, height, 'line', ' fill-opacity="0.35"')];
  grid.counts.forEach((count, index) => {
    if (count === 0) return;
    const [column, row] = [index % grid.columns, Math.floor(index / grid.columns)];
    const opacity = ` fill-opacity="${(0.12 + 0.88 * Math.sqrt(count / most)).toFixed(2)}"`;
    content.push(rect(left + column * cell, top + row * cell, cell, cell, 'blue', opacity));
  });
  for (const { at, label } of xTicks) {
    const x = left + at * width;
    content.push(line(x, top + height, x, top + height + 4, 'muted'));
    content.push(text(x, top + height + 17, label, { anchor: 'middle', fill: 'muted', size: 11 }));
  }
  for (const { at, label } of yTicks) {
    const y = top + at * height;
    content.push(line(left - 4, y, left, y, 'muted'));
    content.push(text(left - 7, y + 4, label, { anchor: 'end', fill: 'muted', size: 11 }));
  }
  content.push(text(left + width / 2, top + height + 33, `${xAxis} × ${yAxis}`, { anchor: 'middle', fill: 'muted' }));
  return chart(left + width + 16, top + height + bottom, title, content);
}

interface HeatMapAxes {
  x: string;
  y: string;
  /** `at`: 0 (left, top) to 1. */
  xTicks: readonly { at: number; label: string }[];
  yTicks: readonly { at: number; label: string }[];
  cell?: number;
}
