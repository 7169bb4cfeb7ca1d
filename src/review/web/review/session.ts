import type { Job, JobState, Label } from '../api/types.js';
import { isUnconfirmed, type Box } from '../model/box.js';
import { applyChanges, changesBetween, type BoxChange } from '../model/changes.js';
import type { FrameInfo } from '../model/frame.js';
import { History } from '../model/history.js';
import type { JobBoxes } from './job-boxes.js';
import { JobKeeper, type JobKeeperOptions } from './job-keeper.js';
import type { JobMemory } from './job-memory.js';
import { LeftOut } from './left-out.js';
import type { Pictures } from './pictures.js';
import type { SaveState } from './saver.js';

/** What a job is reviewed with. */
interface SessionParts extends Omit<JobKeeperOptions, 'onChange'> {
  frames: readonly FrameInfo[];
  labels: readonly Label[];
  pictures: Pictures;
  memory: JobMemory;
  /** Frames that are left out, by their numbers. */
  leftOut: readonly number[];
}

export const stillLoading = 'The boxes are still being loaded';

/** A box of the model below this is one that the model is not sure of. */
export const unsureBelow = 0.5;

/** One job that is being reviewed: its frames, their boxes, what is selected, and everything that is done to them. */
export class ReviewSession {
  readonly frames: readonly FrameInfo[];
  readonly labels: readonly Label[];
  readonly pictures: Pictures;
  readonly leftOut: LeftOut;
  readonly keeper: JobKeeper;
  /** Index in the job of the frame that is shown. */
  index = 0;
  selected: string | undefined;
  /** Label of the next new box. */
  labelId: number;
  /** What is put on a frame by pasting. */
  copied: Box | undefined;
  /** Boxes of the model below this confidence are not shown. */
  minScore = 0;
  /** Last thing that happened, for people who hear the page. */
  announcement = '';
  private readonly jobBoxes: JobBoxes;
  private readonly memory: JobMemory;
  private readonly history = new History();
  private readonly listeners = new Set<() => void>();
  /** The frame was shown before its boxes were there. */
  private countAwaited = false;

  constructor({ frames, labels, pictures, memory, leftOut, ...kept }: SessionParts) {
    this.frames = frames;
    this.labels = labels;
    this.labelId = labels[0]?.id ?? 0;
    this.pictures = pictures;
    this.memory = memory;
    this.jobBoxes = kept.boxes;
    this.keeper = new JobKeeper({ ...kept, onChange: (news) => this.onChange(news) });
    memory.watch(() => this.tell());
    this.leftOut = new LeftOut(kept.job.id, kept.place, leftOut, () => this.tell());
  }

  close(): void {
    this.keeper.close();
    this.memory.close();
    this.leftOut.close();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // --- what is there -----------------------------------------------------------------------------------------------

  get frame(): FrameInfo {
    return this.frames[this.index] as FrameInfo;
  }

  get job(): Job {
    return this.keeper.job;
  }

  get saveState(): SaveState {
    return this.keeper.saveState;
  }

  get isFinished(): boolean {
    return this.keeper.isFinished;
  }

  get canUndo(): boolean {
    return this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.history.canRedo;
  }

  boxes(frame: FrameInfo = this.frame): readonly Box[] {
    return this.jobBoxes.of(frame.number).mine;
  }

  /** Whether the boxes of a frame are there yet. */
  isLoaded(frame: FrameInfo = this.frame): boolean {
    return this.jobBoxes.isLoaded(frame.number);
  }

  /** Whether the boxes of all frames are there. */
  get isComplete(): boolean {
    return this.jobBoxes.isComplete;
  }

  isHidden(box: Box): boolean {
    return isUnconfirmed(box) && box.score < this.minScore;
  }

  /** What is shown, in the order of the list. */
  visibleBoxes(): readonly Box[] {
    return this.boxes().filter((box) => !this.isHidden(box));
  }

  get selectedBox(): Box | undefined {
    return this.visibleBoxes().find(({ key }) => key === this.selected);
  }

  conflicts() {
    return this.jobBoxes.of(this.frame.number).conflicts;
  }

  label(id: number): Label {
    return this.labels.find((label) => label.id === id) ?? { id, name: `label ${id}`, color: '#888888' };
  }

  /** Whether a person is done with a frame, as far as this browser knows or the boxes tell. */
  isReviewed(frame: FrameInfo): boolean {
    return (
      this.leftOut.has(frame.number) || this.memory.isSeen(frame.number) || this.jobBoxes.isConfirmed(frame.number)
    );
  }

  isUnsure(frame: FrameInfo): boolean {
    return !this.isReviewed(frame) && this.boxes(frame).some((box) => isUnconfirmed(box) && box.score < unsureBelow);
  }

  // --- what can be done ----------------------------------------------------------------------------------------------

  show(index: number): void {
    const next = Math.min(Math.max(index, 0), this.frames.length - 1);
    const direction = next < this.index ? -1 : 1;
    this.index = next;
    this.memory.index = next;
    this.selected = undefined;
    this.history.separate();
    this.pictures.prepare(this.frame.number, direction);
    if (!this.isLoaded()) void this.keeper.save();
    this.announceFrame();
  }

  /** The next (or previous) frame with a box that the model is not sure of. */
  showUnsure(step: 1 | -1): void {
    for (let index = this.index + step; index >= 0 && index < this.frames.length; index += step) {
      const frame = this.frames[index] as FrameInfo;
      if (!this.isLoaded(frame)) return this.say(stillLoading);
      if (this.isUnsure(frame)) return this.show(index);
    }
    this.say(step > 0 ? 'No unsure frame after this one' : 'No unsure frame before this one');
  }

  /** The next frame that nobody has looked at, from the beginning again after the last one. */
  showNotReviewed(): void {
    const { length } = this.frames;
    for (let step = 1; step <= length; step += 1) {
      const index = (this.index + step) % length;
      const frame = this.frames[index] as FrameInfo;
      if (!this.isLoaded(frame)) return this.say(stillLoading);
      if (!this.isReviewed(frame)) return this.show(index);
    }
    this.say('All frames are reviewed');
  }

  select(key: string | undefined): void {
    this.selected = key;
    this.history.separate();
    const box = this.selectedBox;
    this.say(box === undefined ? 'Nothing selected' : `${this.label(box.labelId).name} selected`);
  }

  selectNext(step: 1 | -1): void {
    const boxes = this.visibleBoxes();
    if (boxes.length === 0) return;
    const at = boxes.findIndex(({ key }) => key === this.selected);
    this.select(boxes[at < 0 ? (step > 0 ? 0 : boxes.length - 1) : (at + step + boxes.length) % boxes.length]?.key);
  }

  /**
   * Makes these the boxes of the frame that is shown.
   * @param together steps with the same name are undone as one
   */
  edit(after: readonly Box[], what: string, together?: string): void {
    if (!this.canChange()) return;
    const frame = this.frame.number;
    const changes = changesBetween(this.boxes(), after);
    if (changes.length > 0) {
      this.history.add({ frame, changes }, together);
      this.apply(frame, changes);
    }
    this.say(what);
  }

  markReviewed(): void {
    if (this.isFinished || !this.isLoaded()) return;
    this.memory.addSeen(this.frame.number);
    this.tell();
  }

  /** Leaves the frame that is shown out of the dataset, or takes it back. */
  async toggleLeftOut(): Promise<void> {
    if (!this.canChange()) return;
    const { number } = this.frame;
    this.say(await this.leftOut.toggle(number, `Frame ${this.indexOf(number) + 1}`));
  }

  undo(): void {
    this.goBack(this.history.undo(), 'Undone', 'Nothing to undo');
  }

  redo(): void {
    this.goBack(this.history.redo(), 'Done again', 'Nothing to do again');
  }

  /** Decides a box that was changed here and elsewhere. */
  resolve(key: string, keep: 'mine' | 'theirs'): void {
    if (!this.canChange()) return;
    const boxes = this.jobBoxes.of(this.frame.number);
    const conflict = boxes.conflicts.find((one) => one.key === key);
    boxes.conflicts = boxes.conflicts.filter((one) => one !== conflict);
    if (conflict !== undefined && keep === 'mine') {
      const others = boxes.mine.filter((box) => box.key !== key);
      this.edit(conflict.mine === undefined ? others : [...others, conflict.mine], 'Your version of the box is kept');
    }
    this.keeper.keep([this.frame.number]);
  }

  setLabel(labelId: number): void {
    this.labelId = labelId;
    this.tell();
  }

  setMinScore(value: number): void {
    this.minScore = value;
    if (this.selectedBox === undefined) this.selected = undefined;
    this.tell();
  }

  /**
   * Sets the state of the job after everything is saved.
   * @throws HttpError
   * @throws Error where the job is to be finished and not everything is saved or decided
   */
  setState(state: JobState): Promise<void> {
    return this.keeper.setState(state, (frame) => `frame ${this.indexOf(frame) + 1}`);
  }

  /** Changes something that is only shown, and tells who listens. */
  say(text: string): void {
    this.announcement = text;
    this.tell();
  }

  // --- inside ----------------------------------------------------------------------------------------------------

  private canChange(): boolean {
    if (this.isFinished) this.say('This job is finished. Reopen it to change it.');
    else if (!this.isLoaded()) this.say(stillLoading);
    else return true;
    return false;
  }

  private announceFrame(): void {
    this.countAwaited = !this.isLoaded();
    const boxes = this.countAwaited ? 'its boxes are being loaded' : `${this.boxes().length} boxes`;
    this.say(`Frame ${this.index + 1} of ${this.frames.length}, ${boxes}`);
  }

  private indexOf(frame: number): number {
    return this.frames.findIndex(({ number }) => number === frame);
  }

  private goBack(step: { frame: number; changes: BoxChange[] } | undefined, done: string, nothing: string): void {
    if (step === undefined || this.isFinished) return this.say(nothing);
    const index = this.indexOf(step.frame);
    if (index !== this.index) this.show(index);
    this.apply(step.frame, step.changes);
    // Nobody has agreed to a box that is the model's alone again.
    if (this.boxes().some(isUnconfirmed)) this.memory.removeSeen(step.frame);
    this.selected = step.changes.find(({ after }) => after !== undefined)?.key;
    this.say(done);
  }

  private apply(frame: number, changes: readonly BoxChange[]): void {
    const boxes = this.jobBoxes.of(frame);
    boxes.mine = applyChanges(boxes.mine, changes);
    this.keeper.changed(frame);
  }

  private onChange(news: string | undefined): void {
    if (this.selectedBox === undefined) this.selected = undefined;
    if (news !== undefined) this.say(news);
    else if (this.countAwaited && this.isLoaded()) this.announceFrame();
    else this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
