import type { Rect } from './box.js';

export type { Rect };

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The eight places by which a box is resized, named by the edges that move: north, east, south, west. */
export const handles = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'] as const;
export type Handle = (typeof handles)[number];

/** A hundredth of a pixel: finer is noise of the pointer. */
const round = (value: number) => Math.round(value * 100) / 100;
const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max);

/** The box between two corners, inside the picture. */
export function rectBetween(a: Point, b: Point, picture: Size): Rect {
  const [ax, bx] = [clamp(round(a.x), picture.width), clamp(round(b.x), picture.width)];
  const [ay, by] = [clamp(round(a.y), picture.height), clamp(round(b.y), picture.height)];
  return { x1: Math.min(ax, bx), y1: Math.min(ay, by), x2: Math.max(ax, bx), y2: Math.max(ay, by) };
}

/** Moves a box as far as the picture allows, keeping its size. */
export function moved(rect: Rect, by: Point, picture: Size): Rect {
  const dx = Math.min(Math.max(by.x, -rect.x1), picture.width - rect.x2);
  const dy = Math.min(Math.max(by.y, -rect.y1), picture.height - rect.y2);
  return { x1: round(rect.x1 + dx), y1: round(rect.y1 + dy), x2: round(rect.x2 + dx), y2: round(rect.y2 + dy) };
}

/** Moves the edges of a handle; pulled over the opposite edge, the box turns over. */
export function resized(rect: Rect, handle: Handle, by: Point, picture: Size): Rect {
  const dx = (edge: 'w' | 'e') => (handle.includes(edge) ? by.x : 0);
  const dy = (edge: 'n' | 's') => (handle.includes(edge) ? by.y : 0);
  return rectBetween(
    { x: rect.x1 + dx('w'), y: rect.y1 + dy('n') },
    { x: rect.x2 + dx('e'), y: rect.y2 + dy('s') },
    picture,
  );
}

/** Where a handle sits on a box. */
export function handlePoint(rect: Rect, handle: Handle): Point {
  const x = handle.includes('w') ? rect.x1 : handle.includes('e') ? rect.x2 : (rect.x1 + rect.x2) / 2;
  const y = handle.includes('n') ? rect.y1 : handle.includes('s') ? rect.y2 : (rect.y1 + rect.y2) / 2;
  return { x, y };
}

const area = (rect: Rect): number => (rect.x2 - rect.x1) * (rect.y2 - rect.y1);

export function contains(rect: Rect, { x, y }: Point, margin = 0): boolean {
  return x >= rect.x1 - margin && x <= rect.x2 + margin && y >= rect.y1 - margin && y <= rect.y2 + margin;
}

/** Whether a point lies on the outline of a box, which is `2 * margin` wide. */
export function onOutline(rect: Rect, point: Point, margin: number): boolean {
  if (!contains(rect, point, margin)) return false;
  const inner = { x1: rect.x1 + margin, y1: rect.y1 + margin, x2: rect.x2 - margin, y2: rect.y2 - margin };
  return inner.x2 <= inner.x1 || inner.y2 <= inner.y1 || !contains(inner, point);
}

/**
 * The boxes under a point, the smallest first: a click means the small one in front of the large one. A margin makes
 * boxes of a few pixels easier to hit.
 */
export function boxesAt<B extends Rect>(boxes: readonly B[], point: Point, margin: number): B[] {
  return boxes.filter((box) => contains(box, point, margin)).sort((a, b) => area(a) - area(b));
}
