import { describe, expect, test } from 'vitest';
import type { Box } from '../../../../src/review/web/model/box.js';
import { applyChanges, changesBetween } from '../../../../src/review/web/model/changes.js';
import { History } from '../../../../src/review/web/model/history.js';

const box = (key: string, x1: number): Box => ({
  ...{ key, x1, y1: 0, x2: x1 + 10, y2: 10, labelId: 1, source: 'manual', score: 1, rest: {} },
});

/** Plays edits of one frame, as the page does. */
class Frame {
  boxes: Box[] = [];
  readonly history = new History();

  edit(after: Box[], together?: string) {
    const changes = changesBetween(this.boxes, after);
    this.history.add({ frame: 0, changes }, together);
    this.boxes = applyChanges(this.boxes, changes);
  }

  undo() {
    this.boxes = applyChanges(this.boxes, this.history.undo()?.changes ?? []);
  }

  redo() {
    this.boxes = applyChanges(this.boxes, this.history.redo()?.changes ?? []);
  }
}

const places = (frame: Frame) => frame.boxes.map(({ key, x1 }) => `${key}@${x1}`).sort();

describe('undo and redo', () => {
  test('draw, move and delete are taken back one by one and done again', () => {
    const frame = new Frame();
    frame.edit([box('a', 0)]);
    frame.edit([box('a', 0), box('b', 5)]);
    frame.edit([box('a', 3), box('b', 5)]);
    frame.edit([box('b', 5)]);
    const seen = [places(frame)];
    for (let step = 0; step < 4; step += 1) {
      frame.undo();
      seen.push(places(frame));
    }
    expect(seen).toEqual([['b@5'], ['a@3', 'b@5'], ['a@0', 'b@5'], ['a@0'], []]);
    expect(frame.history.canUndo).toBe(false);
    for (let step = 0; step < 4; step += 1) frame.redo();
    expect(places(frame)).toEqual(['b@5']);
    expect(frame.history.canRedo).toBe(false);
  });

  test('many small moves in a row are one step, until something else comes between', () => {
    const frame = new Frame();
    frame.edit([box('a', 0)]);
    for (let x = 1; x <= 5; x += 1) frame.edit([box('a', x)], 'nudge a');
    frame.history.separate();
    frame.edit([box('a', 6)], 'nudge a');
    frame.undo();
    expect(places(frame)).toEqual(['a@5']);
    frame.undo();
    expect(places(frame)).toEqual(['a@0']);
  });

  test('something new forgets what was undone', () => {
    const frame = new Frame();
    frame.edit([box('a', 0)]);
    frame.undo();
    frame.edit([box('b', 0)]);
    frame.redo();
    expect(places(frame)).toEqual(['b@0']);
  });

  test('undoing our change leaves alone what somebody else did to the box since', () => {
    const frame = new Frame();
    frame.edit([box('a', 0), box('b', 0)]);
    frame.edit([box('a', 1), box('b', 1)]);
    frame.boxes = [box('a', 50), box('b', 1)];
    frame.undo();
    expect(places(frame)).toEqual(['a@50', 'b@0']);
  });
});
