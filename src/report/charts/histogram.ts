import { chart, line, rect, text, type Colour } from './svg.js';

const width = 480;
const height = 200;
const margin = { left: 44, right: 12, top: 12, bottom: 40 };

/** Counts side by side, one column for each label; `axis` says what the labels are. */
export function histogram(
  title: string,
  columns: readonly { label: string; count: number }[],
  { axis, colour = 'blue' }: { axis: string; colour?: Colour },
): string {
  const most = Math.max(...columns.map(({ count }) => count), 1);
  const room = { x: width - margin.left - margin.right, y: height - margin.top - margin.bottom };
  const step = room.x / Math.max(columns.length, 1);
  const bottom = margin.top + room.y;
  const content = [0, 0.5, 1].map((share) => {
    const y = bottom - share * room.y;
    const value = share * most;
    const label = Number.isInteger(value)
      ? text(margin.left - 8, y + 4, String(value), { anchor: 'end', fill: 'muted' })
      : '';
    return line(margin.left, y, width - margin.right, y, 'line') + label;
  });
  // As many labels as fit below.
  const every = Math.ceil((columns.length * 34) / room.x);
  columns.forEach(({ label, count }, index) => {
    const x = margin.left + index * step;
    const length = (count / most) * room.y;
    if (count > 0)
      content.push(rect(x + 1, bottom - Math.max(length, 1), Math.max(step - 2, 1), Math.max(length, 1), colour));
    if (index % every === 0) content.push(text(x + step / 2, bottom + 15, label, { anchor: 'middle', fill: 'muted' }));
  });
  content.push(text(margin.left + room.x / 2, height - 6, axis, { anchor: 'middle', fill: 'muted' }));
  return chart(width, height, title, content);
}
