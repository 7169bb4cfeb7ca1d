import type { Box, SavedBox } from '../model/box.js';
import { countUnsaved, unsaved, type Unsaved } from '../model/changes.js';
import { merge, type Conflict } from '../model/merge.js';
import type { Draft } from './drafts.js';

/** The boxes of one frame: as the person left them, and as the server has them as far as we know. */
export class FrameBoxes {
  mine: Box[] = [];
  conflicts: Conflict[] = [];
  private saved = new Map<string, SavedBox>();
  /** New boxes that were sent, as they were sent, until the answer has come. */
  private sent = new Map<string, Box>();

  static ofDraft({ mine, saved, sent, conflicts }: Draft): FrameBoxes {
    const frame = new FrameBoxes();
    frame.mine = mine;
    frame.saved = new Map(saved);
    frame.sent = new Map(sent);
    frame.conflicts = conflicts;
    return frame;
  }

  toDraft(): Draft {
    return { mine: this.mine, saved: [...this.saved], sent: [...this.sent], conflicts: this.conflicts };
  }

  get unsaved(): Unsaved {
    return unsaved(this.mine, this.saved);
  }

  get countUnsaved(): number {
    return countUnsaved(this.unsaved);
  }

  get isSaved(): boolean {
    return this.countUnsaved === 0 && this.conflicts.length === 0;
  }

  /** Takes in what the server has now. */
  update(server: readonly SavedBox[]): void {
    const { boxes, saved, conflicts } = merge(this.mine, this.saved, this.sent, server);
    this.mine = boxes;
    this.saved = saved;
    this.sent.clear();
    this.conflicts = [...this.conflicts.filter(({ key }) => !conflicts.some((one) => one.key === key)), ...conflicts];
  }

  willCreate(boxes: readonly Box[]): void {
    for (const box of boxes) this.sent.set(box.key, box);
  }

  wasSaved(box: Box, id: number): void {
    this.saved.set(box.key, { id, box });
    this.sent.delete(box.key);
  }

  wasRemoved(key: string): void {
    this.saved.delete(key);
  }
}
