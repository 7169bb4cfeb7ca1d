import type { Shape } from '../api/types.js';
import { isUnconfirmed } from '../model/box.js';
import { FrameBoxes } from '../model/frame-boxes.js';
import { isBox, toSavedBox } from '../model/shapes.js';

/**
 * The boxes of a job, by frame. Those of a few frames may come before the others, and what the server has of a frame is
 * read when somebody looks at the frame, so that a job of a thousand frames is there as soon as one of ten.
 */
export class JobBoxes {
  private readonly frames = new Map<number, FrameBoxes>();
  /** What the server has, as it came. */
  private onServer = new Map<number, Shape[]>();
  /** The frames whose boxes have come. */
  private loaded: { from: number; to: number } | undefined;

  /** What was done to a frame before this page was opened, and not saved. */
  restore(frame: number, boxes: FrameBoxes): void {
    this.frames.set(frame, boxes);
  }

  /** Whether the boxes of a frame have come: before, nobody may decide anything about it. */
  isLoaded(frame: number): boolean {
    return this.loaded !== undefined && frame >= this.loaded.from && frame <= this.loaded.to;
  }

  /** Whether the boxes of all frames have come. */
  get isComplete(): boolean {
    return this.loaded?.to === Infinity;
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
    return this.takeInFrames({ from: 0, to: Infinity }, shapes);
  }

  /** As {@link takeIn}, of these frames (both ends belong to them) before the others come. */
  takeInFrames(range: { from: number; to: number }, shapes: readonly Shape[]): number[] {
    this.loaded = range;
    this.onServer = new Map();
    for (const shape of shapes) {
      const list = this.onServer.get(shape.frame);
      if (list === undefined) this.onServer.set(shape.frame, [shape]);
      else list.push(shape);
    }
    const known = [...this.frames].filter(([frame]) => this.isLoaded(frame));
    for (const [frame, boxes] of known) boxes.update(this.savedOn(frame));
    return known.map(([frame]) => frame);
  }

  /** Frames with something that the server does not have yet. */
  unsaved(): number[] {
    return [...this.frames].flatMap(([frame, boxes]) => (boxes.countUnsaved > 0 ? [frame] : []));
  }

  /** Frames with a box that was changed here and elsewhere, and that nobody has decided. */
  inConflict(): number[] {
    return [...this.frames].flatMap(([frame, { conflicts }]) => (conflicts.length > 0 ? [frame] : []));
  }

  /** As {@link FrameBoxes.nothingIsOnItsWay}, of all frames. */
  nothingIsOnItsWay(): void {
    for (const boxes of this.frames.values()) boxes.nothingIsOnItsWay();
  }

  /** Whether there is nothing to save and nothing to decide. */
  get isSaved(): boolean {
    return [...this.frames.values()].every(({ isSaved }) => isSaved);
  }

  private savedOn(frame: number) {
    return (this.onServer.get(frame) ?? []).filter(isBox).map(toSavedBox);
  }
}
