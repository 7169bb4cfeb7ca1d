import type { Label } from '../api/types.js';
import { isUnconfirmed, type Box, type Rect } from '../model/box.js';
import { handlePoint, handles } from '../model/geometry.js';
import { textWidth } from '../ui/text-width.js';
import { unsureBelow } from './session.js';

export const percent = (score: number): string => `${Math.round(score * 100)}%`;

export interface BoxViewProps {
  box: Box;
  /** Where it lies on the stage, in screen pixels. */
  rect: Rect;
  label: Label;
  selected: boolean;
  /** Another box is being dragged. */
  quiet: boolean;
  /** Screen pixels of one pixel at the usual size of text: more on large screens. */
  unit: number;
}

/** One box on the stage. A dashed outline: only the model says so yet. */
export function BoxView(props: BoxViewProps) {
  const { box, rect, label, selected, unit } = props;
  const width = rect.x2 - rect.x1;
  const height = rect.y2 - rect.y1;
  const unconfirmed = isUnconfirmed(box);
  const outline = { x: rect.x1, y: rect.y1, width, height };
  const state = `${selected ? 'selected' : ''} ${unconfirmed ? 'unconfirmed' : ''} ${props.quiet ? 'quiet' : ''}`;
  return (
    <g class={`box ${state}`} data-key={box.key}>
      <rect class="halo" {...outline} />
      <rect class="line" {...outline} stroke={label.color} fill={label.color} />
      {!props.quiet && <Tag box={box} rect={rect} label={label} full={selected || width > 70 * unit} unit={unit} />}
      {selected &&
        handles.map((handle) => {
          const { x, y } = handlePoint(rect, handle);
          return (
            <rect
              key={handle}
              class="handle"
              data-handle={handle}
              x={x - 4 * unit}
              y={y - 4 * unit}
              width={8 * unit}
              height={8 * unit}
            />
          );
        })}
    </g>
  );
}

const tagFont = { size: 11, weight: 600 };

/** Label and confidence above the box, or below its upper edge where there is no room. */
function Tag(props: { box: Box; rect: Rect; label: Label; full: boolean; unit: number }) {
  const { box, rect, label, full, unit } = props;
  const score = isUnconfirmed(box) ? percent(box.score) : '';
  const text = full ? [label.name, score].filter(Boolean).join(' ') : score;
  if (text === '') return null;
  const unsure = isUnconfirmed(box) && box.score < unsureBelow;
  const width = textWidth(text, tagFont) + 10;
  const y = rect.y1 > 17 * unit ? rect.y1 - 16 * unit : rect.y1 + unit;
  return (
    <g class={unsure ? 'tag unsure' : 'tag'} transform={`translate(${rect.x1 - unit} ${y}) scale(${unit})`}>
      <rect width={width} height="15" rx="2" />
      <rect class="tag-color" width="3" height="15" fill={label.color} />
      <text x="6" y="11" font-size={tagFont.size} font-weight={tagFont.weight}>
        {text}
      </text>
    </g>
  );
}
