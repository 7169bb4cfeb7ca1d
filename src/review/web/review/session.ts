import { readAnnotationsAround, readJob, readJobs, readLabels, readMeta, setJobState } from '../api/cvat.js';
import { get } from '../api/http.js';
import type { Job } from '../api/types.js';
import type { WireReason, WireReasons } from '../../wire.js';
import { isUnconfirmed, type Box } from '../model/box.js';
import { applyChanges, changesBetween, type BoxChange } from '../model/changes.js';
import { History } from '../model/history.js';
import { Drafts } from './drafts.js';
import { FrameBoxes } from './frame-boxes.js';
import { JobBoxes } from './job-boxes.js';
import { Pictures } from './pictures.js';
import { Saver, type SaveState } from './saver.js';

export interface FrameInfo {
  /** Index in the task. */
  number: number;
  name: string;
  width: number;
  height: number;
}

export interface LabelInfo {
  id: number;
  name: string;
  color: string;
}

export const stillLoading = 'The boxes are still being loaded';

/** So that the first frame is drawn, and the small pictures are there, before the boxes of a thousand others come. */
const restDelayMs = 200;

/** A box of the model below this is one that the model is not sure of. */
export const unsureBelow = 0.5;

/** One job that is being reviewed: its frames, their boxes, what is selected, and everything that is done to them. */
export class ReviewSession {
  readonly pictures: Pictures;
  /** Index in the job of the frame that is shown. */
  index = 0;
  selected: string | undefined;
  /** Label of the next new box. */
  labelId: number;
  /** Boxes of the model below this confidence are not shown. */
  minScore = 0;
  /** Last thing that happened, for people who hear the page. */
  announcement = '';
  private readonly jobBoxes = new JobBoxes();
  private readonly history = new History();
  private readonly saver: Saver;
  private readonly listeners = new Set<() => void>();
  private readonly seen: Set<number>;
  private readonly channel: BroadcastChannel;

  private constructor(
    public job: Job,
    readonly frames: readonly FrameInfo[],
    readonly labels: readonly LabelInfo[],
    private readonly place: string,
    folderId: string,
    private readonly drafts: Drafts,
  ) {
    this.labelId = labels[0]?.id ?? 0;
    this.seen = new Set(JSON.parse(localStorage.getItem(this.seenKey) ?? '[]') as number[]);
    for (const [frame, draft] of drafts.read()) this.jobBoxes.restore(frame, FrameBoxes.ofDraft(draft));
    const byNumber = new Map(frames.map((frame) => [frame.number, frame]));
    this.pictures = new Pictures(job.task_id, folderId, (number) => byNumber.get(number));
    this.channel = new BroadcastChannel(`frameloop ${place}`);
    this.saver = new Saver({
      jobId: job.id,
      taskId: job.task_id,
      boxes: this.jobBoxes,
      onChange: (changed) => this.keep(changed),
      onSaved: () => {
        this.channel.postMessage('saved');
        if (this.job.state === 'new') void this.setState('in progress');
      },
    });
    this.channel.onmessage = () => void this.saver.refresh();
    document.addEventListener('visibilitychange', this.onVisible);
    window.addEventListener('online', this.onOnline);
  }

  /**
   * Opens a job at a frame, by its index in the job. The boxes of this frame and of those beside it are there then; the
   * others come when its picture is there, so that a long job is seen as soon as a short one.
   * @throws HttpError
   */
  static async open(jobId: number, folderId: string, index: number): Promise<ReviewSession> {
    const place = `${folderId} ${jobId}`;
    const [job, labels, meta, near, drafts] = await Promise.all([
      readJob(jobId),
      readLabels(jobId),
      readMeta(jobId),
      readAnnotationsAround(jobId, Math.max(0, index)),
      Drafts.open(place),
    ]);
    const frames = meta.frames.map(({ name, width, height }, offset) => ({
      ...{ number: job.start_frame + offset, name, width, height },
    }));
    const session = new ReviewSession(job, frames, labels, place, folderId, drafts);
    session.keep(session.jobBoxes.takeInFrames(near, near.annotations.shapes));
    const first = frames[Math.min(index, frames.length - 1)];
    // That it cannot be shown is told where it is to be shown.
    const shown = first === undefined ? Promise.resolve() : session.pictures.load(first.number);
    // Saving begins with what the server has.
    const loadRest = () => window.setTimeout(() => void session.saver.save(), restDelayMs);
    void shown.then(loadRest, loadRest);
    if (!session.jobBoxes.isSaved) session.saver.soon();
    return session;
  }

  close(): void {
    void this.saver.save().finally(() => this.saver.close());
    this.channel.close();
    document.removeEventListener('visibilitychange', this.onVisible);
    window.removeEventListener('online', this.onOnline);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // --- what is there -----------------------------------------------------------------------------------------------

  get frame(): FrameInfo {
    return this.frames[this.index] as FrameInfo;
  }

  get saveState(): SaveState {
    return this.saver.state;
  }

  get isFinished(): boolean {
    return this.job.state === 'completed';
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

  label(id: number): LabelInfo {
    return this.labels.find((label) => label.id === id) ?? { id, name: `label ${id}`, color: '#888888' };
  }

  /** Whether a person is done with a frame, as far as this browser knows or the boxes tell. */
  isReviewed(frame: FrameInfo): boolean {
    return this.seen.has(frame.number) || this.jobBoxes.isConfirmed(frame.number);
  }

  isUnsure(frame: FrameInfo): boolean {
    return !this.isReviewed(frame) && this.boxes(frame).some((box) => isUnconfirmed(box) && box.score < unsureBelow);
  }

  // --- what can be done ----------------------------------------------------------------------------------------------

  show(index: number): void {
    const next = Math.min(Math.max(index, 0), this.frames.length - 1);
    const direction = next < this.index ? -1 : 1;
    this.index = next;
    this.selected = undefined;
    this.history.separate();
    this.pictures.prepare(this.frame.number, direction);
    if (!this.isLoaded()) void this.saver.save();
    this.say(`Frame ${next + 1} of ${this.frames.length}, ${this.boxes().length} boxes`);
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
    if (this.isFinished) return this.say('This job is finished. Reopen it to change it.');
    if (!this.isLoaded()) return this.say(stillLoading);
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
    this.seen.add(this.frame.number);
    localStorage.setItem(this.seenKey, JSON.stringify([...this.seen]));
    this.tell();
  }

  undo(): void {
    this.goBack(this.history.undo(), 'Undone', 'Nothing to undo');
  }

  redo(): void {
    this.goBack(this.history.redo(), 'Done again', 'Nothing to do again');
  }

  /** Decides a box that was changed here and elsewhere. */
  resolve(key: string, keep: 'mine' | 'theirs'): void {
    const boxes = this.jobBoxes.of(this.frame.number);
    const conflict = boxes.conflicts.find((one) => one.key === key);
    boxes.conflicts = boxes.conflicts.filter((one) => one !== conflict);
    if (conflict !== undefined && keep === 'mine') {
      const others = boxes.mine.filter((box) => box.key !== key);
      this.edit(conflict.mine === undefined ? others : [...others, conflict.mine], 'Your version of the box is kept');
    }
    this.keep([this.frame.number]);
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

  /** Sets the state of the job after everything is saved. @throws HttpError */
  async setState(state: Job['state']): Promise<void> {
    await this.saver.save();
    this.job = await setJobState(this.job.id, state);
    this.tell();
  }

  saveNow(): Promise<void> {
    return this.saver.save();
  }

  /** Jobs of the same task that are still to be done, the next one first. @throws HttpError */
  async otherJobs(): Promise<Job[]> {
    const jobs = (await readJobs(this.job.task_id)).filter(
      ({ id, state }) => id !== this.job.id && state !== 'completed',
    );
    return [...jobs.filter(({ id }) => id > this.job.id), ...jobs.filter(({ id }) => id < this.job.id)];
  }

  /** Why each frame was chosen, by its number. @throws HttpError */
  async readReasons(): Promise<Map<number, WireReason>> {
    const { frames } = await get<WireReasons>(`/api/frameloop/jobs/${this.job.id}/reasons`);
    return new Map(frames.map((reason) => [reason.frame, reason]));
  }

  /** Changes something that is only shown, and tells who listens. */
  say(text: string): void {
    this.announcement = text;
    this.tell();
  }

  // --- inside ----------------------------------------------------------------------------------------------------

  private readonly onVisible = () => {
    if (!document.hidden) void this.saver.refresh();
  };

  private readonly onOnline = () => void this.saver.save();

  private get seenKey(): string {
    return `frameloop-seen ${this.place}`;
  }

  private goBack(step: { frame: number; changes: BoxChange[] } | undefined, done: string, nothing: string): void {
    if (step === undefined || this.isFinished) return this.say(nothing);
    const index = this.frames.findIndex(({ number }) => number === step.frame);
    if (index !== this.index) this.show(index);
    this.apply(step.frame, step.changes);
    this.selected = step.changes.find(({ after }) => after !== undefined)?.key;
    this.say(done);
  }

  private apply(frame: number, changes: readonly BoxChange[]): void {
    const boxes = this.jobBoxes.of(frame);
    boxes.mine = applyChanges(boxes.mine, changes);
    this.keep([frame]);
    this.saver.soon();
  }

  /** Writes down what is not saved yet, and forgets what is. */
  private keep(changed: readonly number[]): void {
    for (const frame of changed) {
      const boxes = this.jobBoxes.of(frame);
      if (boxes.isSaved) this.drafts.remove(frame);
      else this.drafts.write(frame, boxes.toDraft());
    }
    if (this.selectedBox === undefined) this.selected = undefined;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
