import { sameBox, type Box, type SavedBox } from './box.js';

/** What became of one box: added (no `before`), removed (no `after`), or changed. */
export interface BoxChange {
  key: string;
  before?: Box | undefined;
  after?: Box | undefined;
}

/** What turns one list of boxes into another. */
export function changesBetween(before: readonly Box[], after: readonly Box[]): BoxChange[] {
  const old = new Map(before.map((box) => [box.key, box]));
  const changes: BoxChange[] = [];
  for (const box of after) {
    const previous = old.get(box.key);
    old.delete(box.key);
    if (previous === undefined || !sameBox(previous, box)) changes.push({ key: box.key, before: previous, after: box });
  }
  for (const box of old.values()) changes.push({ key: box.key, before: box });
  return changes;
}

/**
 * Applies changes. One whose box is not as `before` says any more is left out: somebody else changed it since, and undoing
 * ours must not undo theirs.
 */
export function applyChanges(boxes: readonly Box[], changes: readonly BoxChange[]): Box[] {
  const result = [...boxes];
  for (const { key, before, after } of changes) {
    const index = result.findIndex((box) => box.key === key);
    const current = result[index];
    if (before === undefined ? current !== undefined : current === undefined || !sameBox(current, before)) continue;
    if (after === undefined) result.splice(index, 1);
    else if (current === undefined) result.push(after);
    else result[index] = after;
  }
  return result;
}

export const reversed = (changes: readonly BoxChange[]): BoxChange[] =>
  changes.map(({ key, before, after }) => ({ key, before: after, after: before }));

/** What has to be sent so that the server has `mine`. */
export interface Unsaved {
  create: Box[];
  update: SavedBox[];
  remove: SavedBox[];
}

export function unsaved(mine: readonly Box[], saved: ReadonlyMap<string, SavedBox>): Unsaved {
  const keys = new Set(mine.map(({ key }) => key));
  const result: Unsaved = {
    create: [],
    update: [],
    remove: [...saved.values()].filter(({ box }) => !keys.has(box.key)),
  };
  for (const box of mine) {
    const known = saved.get(box.key);
    if (known === undefined) result.create.push(box);
    else if (!sameBox(known.box, box)) result.update.push({ id: known.id, box });
  }
  return result;
}

export const countUnsaved = ({ create, update, remove }: Unsaved): number =>
  create.length + update.length + remove.length;
