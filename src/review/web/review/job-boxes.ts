import type { Shape } from '../api/types.js';
import { isUnconfirmed } from '../model/box.js';
import { isBox, toSavedBox } from '../model/shapes.js';
import { FrameBoxes } from './frame-boxes.js';

/**
 * The boxes of a job, by frame. What the server has of a frame is read when somebody looks at the frame, so that a job of a
 * thousand frames is there as soon as one of ten.
 */
export class JobBoxes {
  private readonly frames = new Map<number, FrameBoxes>();
  /** What the server has, as it came. */
  private onServer = new Map<number, Shape[]>();

  /** What was done to a frame before this page was opened, and not saved. */
  restore(frame: number, boxes: FrameBoxes): void {
    this.frames.set(frame, boxes);
  }

  of(frame: number): FrameBoxes {
    let boxes = this.frames.get(frame);
    if (boxes === undefined) {
      boxes = new FrameBoxes();
      boxes.update(this.savedOn(frame));
      this.frames.set(frame, boxes);
    }
    return boxes;
  }

  /** Whether a frame has boxes, and people have looked at all of them. */
  isConfirmed(frame: number): boolean {
    const boxes: { source?: string }[] = this.frames.get(frame)?.mine ?? (this.onServer.get(frame) ?? []).filter(isBox);
    return boxes.length > 0 && !boxes.some(isUnconfirmed);
  }

  /**
   * Takes in what the server has now.
   * @returns the frames that somebody has looked at or changed; their boxes may be others now
   */
  takeIn(shapes: readonly Shape[]): number[] {
    this.onServer = new Map();
    for (const shape of shapes) {
      const list = this.onServer.get(shape.frame);
      if (list === undefined) this.onServer.set(shape.frame, [shape]);
      else list.push(shape);
    }
    for (const [frame, boxes] of this.frames) boxes.update(this.savedOn(frame));
    return [...this.frames.keys()];
  }

  /** Frames with something that the server does not have yet. */
  unsaved(): number[] {
    return [...this.frames].flatMap(([frame, boxes]) => (boxes.countUnsaved > 0 ? [frame] : []));
  }

  /** Whether there is nothing to save and nothing to decide. */
  get isSaved(): boolean {
    return [...this.frames.values()].every(({ isSaved }) => isSaved);
  }

  private savedOn(frame: number) {
    return (this.onServer.get(frame) ?? []).filter(isBox).map(toSavedBox);
  }
}
