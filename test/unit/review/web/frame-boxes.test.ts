import { describe, expect, test } from 'vitest';
import type { Box } from '../../../../src/review/web/model/box.js';
import { FrameBoxes } from '../../../../src/review/web/model/frame-boxes.js';

const box = (key: string, x1: number): Box => ({
  ...{ key, x1, y1: 0, x2: x1 + 10, y2: 10, labelId: 1, source: 'manual', score: 1, rest: {} },
});
const server = (...boxes: [number, number][]) => boxes.map(([id, x1]) => ({ id, box: box(`s${id}`, x1) }));
const nothing = { create: [], update: [], remove: [] };

/** A frame whose new box was sent, and the page was loaded again before the answer has come. */
function reloaded(boxes: FrameBoxes): FrameBoxes {
  return FrameBoxes.ofDraft(JSON.parse(JSON.stringify(boxes.toDraft())) as ReturnType<FrameBoxes['toDraft']>);
}

function sentBox(x1: number): FrameBoxes {
  const boxes = new FrameBoxes();
  boxes.mine = [box('n1', x1)];
  boxes.willCreate(box('n1', x1));
  return boxes;
}

describe('a new box whose request is slow', () => {
  test('is recognised when it arrives after the page was loaded again and has read what the server had', () => {
    const boxes = reloaded(sentBox(50));
    boxes.update([]);
    expect(boxes.unsaved.create).toHaveLength(1);
    boxes.update(server([7, 50]));
    expect(boxes.mine).toHaveLength(1);
    expect(boxes.unsaved).toEqual(nothing);
  });

  test('is moved where it arrives, if it was moved and sent again meanwhile', () => {
    const boxes = sentBox(50);
    boxes.update([]);
    boxes.mine = [box('n1', 80)];
    boxes.willCreate(box('n1', 80));
    boxes.update(server([7, 50]));
    expect(boxes.mine).toMatchObject([{ x1: 80 }]);
    expect(boxes.unsaved).toMatchObject({ create: [], update: [{ id: 7 }], remove: [] });
  });

  test('is removed where it arrives, if it was deleted meanwhile', () => {
    const boxes = sentBox(50);
    boxes.mine = [];
    boxes.update([]);
    boxes.update(server([7, 50]));
    expect(boxes.unsaved).toMatchObject({ create: [], update: [], remove: [{ id: 7 }] });
  });

  test('is not waited for any more when the server has taken a later change: an equal box is another one then', () => {
    const boxes = sentBox(50);
    boxes.mine = [];
    boxes.nothingIsOnItsWay();
    boxes.update(server([7, 50]));
    expect(boxes.mine).toHaveLength(1);
    expect(boxes.unsaved).toEqual(nothing);
  });
});

test('what is given up is as the server has it', () => {
  const boxes = new FrameBoxes();
  boxes.update(server([7, 50], [8, 90]));
  boxes.mine = [box('s7', 60), box('s8', 95), box('n1', 20)];
  boxes.update(server([7, 50], [8, 99]));
  expect(boxes.conflicts).toHaveLength(1);
  boxes.discard();
  expect(boxes.mine.map(({ x1 }) => x1)).toEqual([50, 99]);
  expect(boxes.isSaved).toBe(true);
});
