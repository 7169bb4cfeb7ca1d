import type { Box, Rect } from '../model/box.js';
import { rectBetween } from '../model/geometry.js';
import * as actions from './actions.js';
import type { ReviewSession } from './session.js';

/** Place and size of a box as numbers, in pixels of the frame: for who knows them, or does not use a pointer. */
export function BoxFields({ session, box }: { session: ReviewSession; box: Box }) {
  const width = box.x2 - box.x1;
  const height = box.y2 - box.y1;
  const set = (change: Partial<Rect>) => {
    const rect = { x1: box.x1, y1: box.y1, x2: box.x2, y2: box.y2, ...change };
    const inside = rectBetween({ x: rect.x1, y: rect.y1 }, { x: rect.x2, y: rect.y2 }, session.frame);
    if (inside.x2 - inside.x1 >= 1 && inside.y2 - inside.y1 >= 1) actions.placeBox(session, box.key, inside);
  };
  const fields = [
    { name: 'x', value: box.x1, put: (x: number) => set({ x1: x, x2: x + width }) },
    { name: 'y', value: box.y1, put: (y: number) => set({ y1: y, y2: y + height }) },
    { name: 'w', value: width, put: (w: number) => set({ x2: box.x1 + w }) },
    { name: 'h', value: height, put: (h: number) => set({ y2: box.y1 + h }) },
  ];
  return (
    <div class="box-fields">
      {fields.map(({ name, value, put }) => (
        <label key={name}>
          {name}
          <input
            type="number"
            step="any"
            disabled={session.isFinished}
            value={Number(value.toFixed(1))}
            onChange={({ currentTarget }) => {
              if (Number.isFinite(currentTarget.valueAsNumber)) put(currentTarget.valueAsNumber);
            }}
          />
        </label>
      ))}
    </div>
  );
}
