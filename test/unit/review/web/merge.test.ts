import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Box, SavedBox } from '../../../../src/review/web/model/box.js';
import { unsaved } from '../../../../src/review/web/model/changes.js';
import { merge } from '../../../../src/review/web/model/merge.js';

const box = (key: string, x1: number, more: Partial<Box> = {}): Box => ({
  ...{ key, x1, y1: 0, x2: x1 + 10, y2: 10, labelId: 1, source: 'manual', score: 1, rest: {} },
  ...more,
});
const saved = (...boxes: [number, Box][]) =>
  new Map(boxes.map(([id, one]): [string, SavedBox] => [one.key, { id, box: one }]));
const server = (...boxes: [number, number][]): SavedBox[] => boxes.map(([id, x1]) => ({ id, box: box(`s${id}`, x1) }));
const nothingSent = new Map<string, Box>();
const places = (boxes: readonly Box[]) => boxes.map(({ x1 }) => x1).sort((a, b) => a - b);

describe('bringing together what was changed here and elsewhere', () => {
  test.each([
    { what: 'nothing changed', base: 5, mine: 5, theirs: 5, result: 5 },
    { what: 'only we moved it', base: 5, mine: 9, theirs: 5, result: 9 },
    { what: 'only they moved it', base: 5, mine: 5, theirs: 9, result: 9 },
    { what: 'both moved it to the same place', base: 5, mine: 9, theirs: 9, result: 9 },
    { what: 'only we deleted it', base: 5, mine: undefined, theirs: 5, result: undefined },
    { what: 'only they deleted it', base: 5, mine: 5, theirs: undefined, result: undefined },
    { what: 'both deleted it', base: 5, mine: undefined, theirs: undefined, result: undefined },
  ])('one box, $what: no question is asked', ({ base, mine, theirs, result }) => {
    const merged = merge(
      mine === undefined ? [] : [box('s1', mine)],
      saved([1, box('s1', base)]),
      nothingSent,
      theirs === undefined ? [] : server([1, theirs]),
    );
    expect(places(merged.boxes)).toEqual(result === undefined ? [] : [result]);
    expect(merged.conflicts).toEqual([]);
  });

  test.each([
    { what: 'moved to different places', mine: 8, theirs: 9 },
    { what: 'we moved it and they deleted it', mine: 8, theirs: undefined },
    { what: 'we deleted it and they moved it', mine: undefined, theirs: 9 },
  ])('one box, $what: theirs is shown, and ours is kept for the person to decide', ({ mine, theirs }) => {
    const merged = merge(
      mine === undefined ? [] : [box('s1', mine)],
      saved([1, box('s1', 5)]),
      nothingSent,
      theirs === undefined ? [] : server([1, theirs]),
    );
    expect(places(merged.boxes)).toEqual(theirs === undefined ? [] : [theirs]);
    expect(merged.conflicts).toMatchObject([
      { key: 's1', mine: mine && { x1: mine }, theirs: theirs && { x1: theirs } },
    ]);
  });

  test('a box whose creation was never answered is recognised and not made twice', () => {
    const drawn = box('n1', 50);
    const merged = merge([drawn], new Map(), new Map([['n1', drawn]]), server([7, 50]));
    expect(merged.boxes).toHaveLength(1);
    expect(unsaved(merged.boxes, merged.saved)).toEqual({ create: [], update: [], remove: [] });
  });

  test('moved or deleted since it was sent, such a box is changed or removed where it arrived', () => {
    const drawn = box('n1', 50);
    const sent = new Map([['n1', drawn]]);
    const moved = merge([box('n1', 60)], new Map(), sent, server([7, 50]));
    expect(unsaved(moved.boxes, moved.saved).update).toMatchObject([{ id: 7, box: { x1: 60 } }]);
    const deleted = merge([], new Map(), sent, server([7, 50]));
    expect(unsaved(deleted.boxes, deleted.saved).remove).toMatchObject([{ id: 7 }]);
  });

  test('two equal boxes that were drawn on purpose stay two', () => {
    const drawn = [box('n1', 50), box('n2', 50)];
    const sent = new Map(drawn.map((one) => [one.key, one]));
    const merged = merge(drawn, new Map(), sent, server([7, 50]));
    expect(merged.boxes).toHaveLength(2);
    expect(unsaved(merged.boxes, merged.saved).create).toHaveLength(1);
  });

  test('whatever both sides do to different boxes, both have it in the end', () => {
    const sides = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });
    fc.assert(
      fc.property(sides, sides, sides, (existing, ourChoice, theirChoice) => {
        // We delete some boxes, they move others; no box is touched by both.
        const base = new Map(existing.map((id): [string, SavedBox] => [`s${id}`, { id, box: box(`s${id}`, id) }]));
        const deleted = new Set(ourChoice);
        const movedByThem = new Set(theirChoice.filter((id) => !deleted.has(id)));
        const mine = existing.filter((id) => !deleted.has(id)).map((id) => box(`s${id}`, id));
        const theirs = server(...existing.map((id): [number, number] => [id, movedByThem.has(id) ? id + 100 : id]));
        const merged = merge(mine, base, nothingSent, theirs);
        const expected = existing.filter((id) => !deleted.has(id)).map((id) => (movedByThem.has(id) ? id + 100 : id));
        expect(merged.conflicts).toEqual([]);
        expect(places(merged.boxes)).toEqual(expected.sort((a, b) => a - b));
        expect(
          unsaved(merged.boxes, merged.saved)
            .remove.map(({ id }) => id)
            .sort(),
        ).toEqual(existing.filter((id) => deleted.has(id)).sort());
      }),
    );
  });
});
