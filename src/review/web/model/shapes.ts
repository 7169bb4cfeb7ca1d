import type { NewShape, Shape } from '../api/types.js';
import type { Box, SavedBox } from './box.js';

/** Whether a shape is a box along the axes. Others are left alone: they are not ours to edit. */
export function isBox(shape: Shape): boolean {
  return shape.type === 'rectangle' && shape.points.length === 4 && !shape.rotation;
}

/** A shape of the server as a box. People draw from any corner to the opposite one, and CVAT keeps it that way. */
export function toSavedBox(shape: Shape): SavedBox {
  const { id, type: _type, frame: _frame, points, label_id: labelId, source = 'manual', score = 1, ...rest } = shape;
  const [xa = 0, ya = 0, xb = 0, yb = 0] = points;
  const corners = { x1: Math.min(xa, xb), y1: Math.min(ya, yb), x2: Math.max(xa, xb), y2: Math.max(ya, yb) };
  return { id, box: { key: `s${id}`, ...corners, labelId, source, score, rest } };
}

export function toShape(box: Box, frame: number, id?: number): NewShape {
  const { x1, y1, x2, y2, labelId, source, score, rest } = box;
  return {
    ...rest,
    ...(id === undefined ? {} : { id }),
    type: 'rectangle',
    frame,
    label_id: labelId,
    points: [x1, y1, x2, y2],
    source,
    score,
  };
}
