import { isUnconfirmed, type Box, type Rect } from '../model/box.js';
import { handlePoint, handles } from '../model/geometry.js';
import { unsureBelow, type LabelInfo } from './session.js';

/** Half the side of a handle, in screen pixels. */
const handleHalf = 4;

export const percent = (score: number): string => `${Math.round(score * 100)}%`;

/** One box on the stage, in screen pixels. A dashed outline: only the model says so yet. */
export function BoxView(props: { box: Box; rect: Rect; label: LabelInfo; selected: boolean; quiet: boolean }) {
  const { box, rect, label, selected } = props;
  const width = rect.x2 - rect.x1;
  const height = rect.y2 - rect.y1;
  const unconfirmed = isUnconfirmed(box);
  const outline = { x: rect.x1, y: rect.y1, width, height };
  const state = `${selected ? 'selected' : ''} ${unconfirmed ? 'unconfirmed' : ''} ${props.quiet ? 'quiet' : ''}`;
  return (
    <g class={`box ${state}`} data-key={box.key}>
      <rect class="halo" {...outline} />
      <rect class="line" {...outline} stroke={label.color} fill={label.color} />
      {!props.quiet && <Tag box={box} rect={rect} label={label} full={selected || width > 70} />}
      {selected &&
        handles.map((handle) => {
          const { x, y } = handlePoint(rect, handle);
          return (
            <rect
              key={handle}
              class="handle"
              data-handle={handle}
              x={x - handleHalf}
              y={y - handleHalf}
              width={2 * handleHalf}
              height={2 * handleHalf}
            />
          );
        })}
    </g>
  );
}

/** Label and confidence above the box, or below its upper edge where there is no room. */
function Tag({ box, rect, label, full }: { box: Box; rect: Rect; label: LabelInfo; full: boolean }) {
  const isModel = box.source === 'auto' || box.source === 'semi-auto';
  const score = isModel && isUnconfirmed(box) ? percent(box.score) : '';
  const text = full ? [label.name, score].filter(Boolean).join(' ') : score;
  if (text === '') return null;
  const unsure = isUnconfirmed(box) && box.score < unsureBelow;
  // Wide enough for the system's font at this size; measuring each text would cost a layout per box.
  const width = text.length * 6.1 + 8;
  const above = rect.y1 > 17;
  const y = above ? rect.y1 - 16 : rect.y1 + 1;
  return (
    <g class={unsure ? 'tag unsure' : 'tag'} transform={`translate(${rect.x1 - 1} ${y})`}>
      <rect width={width} height="15" rx="2" />
      <rect class="tag-color" width="3" height="15" fill={label.color} />
      <text x="6" y="11">
        {text}
      </text>
    </g>
  );
}
