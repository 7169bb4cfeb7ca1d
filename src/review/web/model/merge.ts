import { sameBox, sameRect, type Box, type SavedBox } from './box.js';

/** One box that was changed here and elsewhere in different ways. `undefined` = deleted. */
export interface Conflict {
  key: string;
  mine: Box | undefined;
  theirs: Box | undefined;
}

export interface Merged {
  boxes: Box[];
  saved: Map<string, SavedBox>;
  conflicts: Conflict[];
}

/**
 * Brings together what was changed here since `saved` with what the server has now (three-way merge, box by box). Where
 * only one side changed a box, that side holds. Where both did, the server's box is shown and ours comes back as a
 * conflict for the person to decide: nothing is overwritten silently.
 *
 * `sent` are new boxes whose creation was sent without an answer: if the server has one of them, it is that one and not
 * another of the same kind. A box may be there several times, as it was each time it was sent.
 */
export function merge(
  mine: readonly Box[],
  saved: ReadonlyMap<string, SavedBox>,
  sent: Iterable<readonly [string, Box]>,
  server: readonly SavedBox[],
): Merged {
  const keyOfId = new Map([...saved].map(([key, { id }]) => [id, key]));
  const waiting = [...sent].filter(([key]) => !saved.has(key));
  const arrived = new Map<string, Box>();
  const now = new Map<string, SavedBox>();
  for (const { id, box } of server) {
    const key = keyOfId.get(id) ?? adopt(waiting, arrived, box) ?? box.key;
    now.set(key, { id, box: { ...box, key } });
  }

  const boxes: Box[] = [];
  const conflicts: Conflict[] = [];
  const here = new Map(mine.map((box) => [box.key, box]));
  for (const key of new Set([...here.keys(), ...saved.keys(), ...now.keys()])) {
    const own = here.get(key);
    // A box that was sent and has arrived was, as far as this tab knows, what was sent.
    const base = saved.get(key)?.box ?? arrived.get(key);
    const theirs = now.get(key)?.box;
    if (same(own, base) || same(own, theirs)) push(boxes, theirs);
    else if (same(theirs, base)) push(boxes, own);
    else {
      push(boxes, theirs);
      conflicts.push({ key, mine: own, theirs });
    }
  }
  return { boxes, saved: now, conflicts };
}

/** The key of the box of ours that has arrived as this one, if it is one. */
function adopt(waiting: readonly (readonly [string, Box])[], arrived: Map<string, Box>, box: Box): string | undefined {
  for (const [key, sent] of waiting) {
    if (!arrived.has(key) && sameRect(sent, box) && sent.labelId === box.labelId) {
      arrived.set(key, sent);
      return key;
    }
  }
  return undefined;
}

const same = (a: Box | undefined, b: Box | undefined) =>
  a === b || (a !== undefined && b !== undefined && sameBox(a, b));

function push(boxes: Box[], box: Box | undefined): void {
  if (box !== undefined) boxes.push(box);
}
