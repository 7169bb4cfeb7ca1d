import { sameBox, type Box, type SavedBox } from './box.js';
import { countUnsaved, unsaved, type Unsaved } from './changes.js';
import { merge, type Conflict } from './merge.js';

/** What a frame's boxes are while the server does not have them yet. */
export interface Draft {
  mine: Box[];
  saved: [string, SavedBox][];
  sent: [string, Box][];
  conflicts: Conflict[];
}

/** The boxes of one frame: as the person left them, and as the server has them as far as we know. */
export class FrameBoxes {
  mine: Box[] = [];
  conflicts: Conflict[] = [];
  private saved = new Map<string, SavedBox>();
  /** New boxes that were sent, each as it was sent, for as long as one of them may still arrive. */
  private sent: [string, Box][] = [];

  static ofDraft({ mine, saved, sent, conflicts }: Draft): FrameBoxes {
    const frame = new FrameBoxes();
    frame.mine = mine;
    frame.saved = new Map(saved);
    frame.sent = sent;
    frame.conflicts = conflicts;
    return frame;
  }

  toDraft(): Draft {
    return { mine: this.mine, saved: [...this.saved], sent: this.sent, conflicts: this.conflicts };
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
    // Those that the server does not have may be on their way to it: the request of a tab that was reloaded goes on.
    this.sent = this.sent.filter(([key]) => !saved.has(key));
    this.conflicts = [...this.conflicts.filter(({ key }) => !conflicts.some((one) => one.key === key)), ...conflicts];
  }

  /** Gives up everything that the server does not have. */
  discard(): void {
    this.mine = [...this.saved.values()].map(({ box }) => box);
    this.conflicts = [];
  }

  willCreate(box: Box): void {
    const again = this.sent.some(([key, one]) => key === box.key && sameBox(one, box));
    if (!again) this.sent.push([box.key, box]);
  }

  wasSaved(box: Box, id: number): void {
    this.saved.set(box.key, { id, box });
    this.sent = this.sent.filter(([key]) => key !== box.key);
  }

  /** After the server has taken a later change, it refuses those that were made before it. */
  nothingIsOnItsWay(): void {
    this.sent = [];
  }

  wasRemoved(key: string): void {
    this.saved.delete(key);
  }
}
