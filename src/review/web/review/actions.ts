import { corrected, isUnconfirmed, type Box, type Rect } from '../model/box.js';
import { moved, rectBetween, resized, type Handle, type Point } from '../model/geometry.js';
import { randomName } from './browser-storage.js';
import { stillLoading, type ReviewSession } from './session.js';

/** What a person does to the boxes of the frame that is shown. */

const newKey = () => `n${randomName()}`;

export function drawBox(session: ReviewSession, rect: Rect): void {
  const box: Box = { key: newKey(), ...rect, labelId: session.labelId, source: 'manual', score: 1, rest: {} };
  addBox(session, box, 'drawn');
}

function addBox(session: ReviewSession, box: Box, how: string): void {
  session.edit([...session.boxes(), box], `${session.label(box.labelId).name} ${how}`);
  if (session.boxes().some(({ key }) => key === box.key)) session.select(box.key);
}

/** @param together names a movement, so that it is undone as one */
export function placeBox(session: ReviewSession, key: string, rect: Rect, together?: string): void {
  const after = session.boxes().map((box) => (box.key === key ? corrected(box, rect) : box));
  session.edit(after, 'Box changed', together);
}

export function nudgeBox(session: ReviewSession, by: Point, handle?: Handle): void {
  const box = session.selectedBox;
  if (box === undefined) return;
  const rect = handle === undefined ? moved(box, by, session.frame) : resized(box, handle, by, session.frame);
  if (rect.x2 - rect.x1 >= 1 && rect.y2 - rect.y1 >= 1) placeBox(session, box.key, rect, `nudge ${box.key}`);
}

/** Gives the selected box a label, or chooses the label of the next one. */
export function chooseLabel(session: ReviewSession, labelId: number): void {
  session.setLabel(labelId);
  const box = session.selectedBox;
  const { name } = session.label(labelId);
  if (box === undefined) return session.say(`New boxes are ${name}`);
  const after = session.boxes().map((one) => (one.key === box.key ? corrected(one, { labelId }) : one));
  session.edit(after, `Labelled ${name}`);
}

export function deleteBox(session: ReviewSession): void {
  const box = session.selectedBox;
  if (box === undefined) return session.say('Select a box first');
  const boxes = session.visibleBoxes();
  const next = boxes[boxes.indexOf(box) + 1] ?? boxes[boxes.indexOf(box) - 1];
  session.edit(
    session.boxes().filter(({ key }) => key !== box.key),
    `${session.label(box.labelId).name} deleted`,
  );
  session.selected = session.isFinished ? box.key : next?.key;
}

export function confirmBox(session: ReviewSession): void {
  const box = session.selectedBox;
  if (box === undefined) return session.say('Select a box first');
  session.edit(
    session.boxes().map((one) => (one.key === box.key ? corrected(one) : one)),
    'Box accepted',
  );
}

/** Agrees with the model on every box that is shown. */
export function acceptAll(session: ReviewSession): void {
  const accepted = session.boxes().map((box) => (isUnconfirmed(box) && !session.isHidden(box) ? corrected(box) : box));
  session.edit(accepted, 'All boxes accepted');
  session.markReviewed();
}

export function acceptAndGoOn(session: ReviewSession): void {
  if (!session.isLoaded()) return session.say(stillLoading);
  acceptAll(session);
  session.show(session.index + 1);
}

/** There is nothing to label on this frame. */
export function nothingHere(session: ReviewSession): void {
  session.edit([], 'All boxes deleted: nothing here');
  session.markReviewed();
}

export function deleteHidden(session: ReviewSession): void {
  const hidden = session.boxes().filter((box) => session.isHidden(box)).length;
  if (hidden === 0) return session.say('No box is hidden');
  session.edit(session.visibleBoxes(), `${hidden} hidden boxes deleted`);
}

export function copyBox(session: ReviewSession): void {
  const box = session.selectedBox;
  if (box === undefined) return session.say('Select a box first');
  session.copied = box;
  session.say(`${session.label(box.labelId).name} copied`);
}

/** Puts the copied box where it was, or a little beside it where it still is. */
export function pasteBox(session: ReviewSession): void {
  const { copied, frame } = session;
  if (copied === undefined) return session.say('Copy a box first');
  const { labelId } = copied;
  const rect = rectBetween({ x: copied.x1, y: copied.y1 }, { x: copied.x2, y: copied.y2 }, frame);
  if (rect.x2 - rect.x1 < 1 || rect.y2 - rect.y1 < 1) return session.say('The copied box lies outside of this frame');
  const taken = session.boxes().some((one) => one.labelId === labelId && closeTo(one, rect));
  const free = taken ? moved(rect, { x: 10, y: 10 }, frame) : rect;
  session.copied = { key: newKey(), ...free, labelId, source: 'manual', score: 1, rest: {} };
  addBox(session, session.copied, 'pasted');
}

/** Adds the boxes of the frame before, except those that are here already. */
export function copyPrevious(session: ReviewSession): void {
  const previous = session.frames[session.index - 1];
  if (previous === undefined) return session.say('This is the first frame');
  if (!session.isLoaded(previous)) return session.say(stillLoading);
  const here = session.boxes();
  const { width, height } = session.frame;
  const copies = session
    .boxes(previous)
    .filter((box) => !session.isHidden(box) && box.x2 <= width && box.y2 <= height)
    .filter((box) => !here.some((one) => one.labelId === box.labelId && closeTo(one, box)))
    .map(({ x1, y1, x2, y2, labelId }): Box => {
      return { key: newKey(), x1, y1, x2, y2, labelId, source: 'manual', score: 1, rest: {} };
    });
  session.edit([...here, ...copies], `${copies.length} boxes copied from the previous frame`);
}

/** Within two pixels at every edge: the same box, as far as a person can see. */
function closeTo(a: Rect, b: Rect): boolean {
  return [a.x1 - b.x1, a.y1 - b.y1, a.x2 - b.x2, a.y2 - b.y2].every((distance) => Math.abs(distance) <= 2);
}
