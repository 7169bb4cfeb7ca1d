import type { Calibration } from '../../evaluation/index.js';
import { chart, line, rect, text } from './svg.js';

const size = 220;
const left = 44;
const top = 10;

/** Of boxes with this confidence, so many were right. On the diagonal the confidence is the truth. */
export function reliabilityDiagram(title: string, { bins }: Calibration): string {
  const most = Math.max(...bins.map(({ detections }) => detections), 1);
  const step = size / bins.length;
  const bottom = top + size;
  const content = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    line(left, bottom - share * size, left + size, bottom - share * size, 'line'),
    text(left - 8, bottom - share * size + 4, share.toFixed(2), { anchor: 'end', fill: 'muted' }),
    text(left + share * size, bottom + 16, share.toFixed(2), { anchor: 'middle', fill: 'muted' }),
  ]);
  bins.forEach(({ detections, precision, interval }, index) => {
    if (detections === 0) return;
    // The fuller the colour, the more boxes stand behind the bar.
    const opacity = ` fill-opacity="${(0.25 + 0.75 * Math.sqrt(detections / most)).toFixed(2)}"`;
    const height = Math.max(precision * size, 1.5);
    content.push(rect(left + index * step + 1, bottom - height, step - 2, height, 'blue', opacity));
    const middle = left + (index + 0.5) * step;
    content.push(line(middle, bottom - interval.low * size, middle, bottom - interval.high * size, 'ink'));
  });
  content.push(line(left, bottom, left + size, top, 'orange', ' stroke-width="2" stroke-dasharray="5 4"'));
  content.push(
    text(left + size / 2, bottom + 34, 'confidence → share that is right', { anchor: 'middle', fill: 'muted' }),
  );
  return chart(left + size + 20, bottom + 42, title, content);
}
