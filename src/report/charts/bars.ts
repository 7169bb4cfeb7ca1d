import { chart, fit, legend, rect, text, textWidth, type Colour } from './svg.js';

export interface BarRow {
  label: string;
  /** Values side by side, in the order of `series`. */
  values: readonly number[];
  /** Right of the bar; default: the sum. */
  note?: string;
}

const rowHeight = 26;
const width = 500;

/** Bars from left to right, of one or more parts each. With `asShares` each is as long as the others. */
export function horizontalBars(
  title: string,
  rows: readonly BarRow[],
  series: readonly { name: string; colour: Colour }[],
  { asShares = false }: { asShares?: boolean } = {},
): string {
  const total = ({ values }: BarRow) => values.reduce((sum, value) => sum + value, 0);
  const notes = rows.map((row) => row.note ?? String(total(row)));
  const left = Math.min(210, Math.max(...rows.map(({ label }) => textWidth(label)), 40)) + 12;
  const right = Math.max(...notes.map((note) => textWidth(note)), 20) + 14;
  const most = Math.max(...rows.map(total), 1);
  const top = series.length > 1 ? 26 : 4;
  const content = series.length > 1 ? [legend(left, 14, series)] : [];
  rows.forEach((row, index) => {
    const y = top + index * rowHeight;
    content.push(text(left - 10, y + 16, fit(row.label, left - 12), { anchor: 'end' }));
    const scale = (width - left - right) / (asShares ? total(row) || 1 : most);
    let x = left;
    row.values.forEach((value, part) => {
      const length = value * scale;
      if (length > 0) content.push(rect(x, y + 4, Math.max(length, 1), 16, series[part]?.colour ?? 'blue', ' rx="2"'));
      x += length;
    });
    content.push(text(x + 8, y + 16, notes[index]!, { fill: 'muted' }));
  });
  return chart(width, top + rows.length * rowHeight + 4, title, content);
}
