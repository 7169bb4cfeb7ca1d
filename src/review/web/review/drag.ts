import type { Box, Rect } from '../model/box.js';
import {
  boxesAt,
  contains,
  handlePoint,
  handles,
  moved,
  onOutline,
  rectBetween,
  resized,
  type Handle,
  type Point,
  type Size,
} from '../model/geometry.js';

/** What a press of the button at a place is the beginning of. */
export type Grip =
  | { kind: 'resize'; box: Box; handle: Handle }
  | { kind: 'move'; box: Box }
  /** Draws a new box when the pointer moves, else selects. */
  | { kind: 'draw' };

/** Distances in screen pixels: how near the pointer must be, and how far it must go to mean a drag and not a click. */
const handleReach = 9;
const outlineReach = 4;
const clickReach = 3;
export const dragDistance = 4;

/**
 * What lies under the pointer: a handle or the inside of the selected box, else the outline of any box. The inside of a
 * box that is not selected is free for drawing: on a crowded picture boxes overlap.
 * @param at in pixels of the picture @param scale screen pixels per picture pixel
 */
export function gripAt(boxes: readonly Box[], selected: Box | undefined, at: Point, scale: number): Grip {
  if (selected !== undefined) {
    const handle = nearestHandle(selected, at, handleReach / scale);
    if (handle !== undefined) return { kind: 'resize', box: selected, handle };
    if (contains(selected, at, outlineReach / scale)) return { kind: 'move', box: selected };
  }
  const [box] = boxesAt(boxes, at, outlineReach / scale).filter((one) => onOutline(one, at, outlineReach / scale));
  return box === undefined ? { kind: 'draw' } : { kind: 'move', box };
}

/** The handle that is nearest, corners first: on a small box all are near. */
function nearestHandle(box: Box, at: Point, reach: number): Handle | undefined {
  // On a box that is smaller than its handles the inside must still be free for moving.
  const within = Math.min(
    reach,
    Math.max((box.x2 - box.x1) / 3, reach / 3),
    Math.max((box.y2 - box.y1) / 3, reach / 3),
  );
  const near = handles
    .map((handle) => {
      const point = handlePoint(box, handle);
      return { handle, distance: Math.max(Math.abs(point.x - at.x), Math.abs(point.y - at.y)) };
    })
    .filter(({ distance }) => distance <= (contains(box, at) ? within : reach));
  near.sort((a, b) => a.distance - b.distance || b.handle.length - a.handle.length);
  return near[0]?.handle;
}

/** The box that a drag from `from` to `to` makes. */
export function dragged(grip: Grip, from: Point, to: Point, picture: Size): Rect {
  const by = { x: to.x - from.x, y: to.y - from.y };
  switch (grip.kind) {
    case 'resize':
      return resized(grip.box, grip.handle, by, picture);
    case 'move':
      return moved(grip.box, by, picture);
    case 'draw':
      return rectBetween(from, to, picture);
  }
}

/** The box that a click means: the smallest one there; with every further click the next larger one. */
export function clicked(
  boxes: readonly Box[],
  selected: string | undefined,
  at: Point,
  scale: number,
): string | undefined {
  const there = boxesAt(boxes, at, clickReach / scale);
  const index = there.findIndex(({ key }) => key === selected);
  return there[(index + 1) % Math.max(there.length, 1)]?.key;
}

/** The pointer's shape over a grip. */
export function cursorOf(grip: Grip): string {
  switch (grip.kind) {
    case 'resize':
      return `${grip.handle}-resize`;
    case 'move':
      return 'move';
    case 'draw':
      return 'crosshair';
  }
}
