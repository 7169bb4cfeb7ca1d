import { readJob, setJobState } from '../api/cvat.js';
import { HttpError } from '../api/http.js';
import type { Job, JobState } from '../api/types.js';
import type { Drafts } from './drafts.js';
import type { JobBoxes } from './job-boxes.js';
import { Saver, type SaveState } from './saver.js';

export interface JobKeeperOptions {
  job: Job;
  /** Names the data folder and the job. */
  place: string;
  boxes: JobBoxes;
  drafts: Drafts;
  /** Told after the job, its boxes or {@link JobKeeper.saveState} have changed, with what a person should hear of it. */
  onChange: (news?: string) => void;
}

/** Keeps a job and its boxes: at once in this browser, soon on the server, and the same in all windows. */
export class JobKeeper {
  job: Job;
  private readonly boxes: JobBoxes;
  private readonly drafts: Drafts;
  private readonly saver: Saver;
  private readonly channel: BroadcastChannel;
  private readonly onChange: (news?: string) => void;
  private beginning: Promise<void> = Promise.resolve();
  /** How often this window has set the state of the job. */
  private statesPut = 0;

  constructor({ job, place, boxes, drafts, onChange }: JobKeeperOptions) {
    this.job = job;
    this.boxes = boxes;
    this.drafts = drafts;
    this.onChange = onChange;
    this.channel = new BroadcastChannel(`frameloop ${place}`);
    this.saver = new Saver({
      jobId: job.id,
      taskId: job.task_id,
      boxes,
      readJob: () => this.readJob(),
      isFinished: () => this.isFinished,
      onChange: (frames) => this.keep(frames),
      onState: (before) => this.tellState(before),
      onSaved: () => {
        this.channel.postMessage('saved');
        if (this.job.state === 'new') this.beginning = this.begin();
      },
    });
    this.channel.onmessage = () => void this.saver.refresh();
    document.addEventListener('visibilitychange', this.onVisibility);
    window.addEventListener('online', this.onOnline);
    window.addEventListener('beforeunload', this.onLeave);
  }

  close(): void {
    void this.saver.save().finally(() => {
      this.saver.close();
      this.channel.close();
    });
    document.removeEventListener('visibilitychange', this.onVisibility);
    window.removeEventListener('online', this.onOnline);
    window.removeEventListener('beforeunload', this.onLeave);
  }

  get saveState(): SaveState {
    return this.saver.state;
  }

  get isFinished(): boolean {
    return this.job.state === 'completed';
  }

  /** Whether something that is not saved is in this window alone, for want of room in the browser. */
  get isStorageFull(): boolean {
    return this.drafts.isFull;
  }

  /** Writes down what is not saved yet, and forgets what is. */
  keep(frames: readonly number[]): void {
    for (const frame of frames) {
      const boxes = this.boxes.of(frame);
      if (boxes.isSaved) this.drafts.remove(frame);
      else this.drafts.write(frame, boxes.toDraft());
    }
    this.onChange();
  }

  /** Keeps and saves a frame that was just changed. */
  changed(frame: number): void {
    this.saver.soon();
    this.keep([frame]);
  }

  /** Saves now, after taking in what the server has where that is not known. */
  save(): Promise<void> {
    return this.saver.save();
  }

  /** Saves in a moment, if there is something to save. */
  saveSoon(): void {
    if (this.hasUnsaved) this.saver.soon();
  }

  /** Gives up everything that is not saved. */
  discard(): void {
    const frames = this.boxes.unsaved();
    for (const frame of frames) this.boxes.of(frame).discard();
    this.keep(frames);
    void this.saver.save();
  }

  /**
   * Sets the state of the job after everything is saved.
   * @param nameOf how people call the frame with this number
   * @throws HttpError
   * @throws Error where the job is to be finished and not everything is saved or decided
   */
  async setState(state: JobState, nameOf: (frame: number) => string): Promise<void> {
    await this.saver.save();
    if (state === 'completed') this.requireSaved(nameOf);
    // Of two changes of the state at once, the first may arrive last.
    await this.beginning;
    await this.putState(state);
    // What has waited until the job was reopened.
    this.saveSoon();
    this.channel.postMessage('state');
  }

  private get hasUnsaved(): boolean {
    return this.boxes.unsaved().length > 0;
  }

  private readonly onVisibility = () => {
    if (!document.hidden) void this.saver.refresh();
    // A tab that is hidden may never be shown again.
    else if (this.hasUnsaved) void this.saver.save();
  };

  private readonly onOnline = () => void this.saver.save();

  /** Work that cannot be saved just now is kept where nobody else sees it, or not at all. */
  private readonly onLeave = (event: BeforeUnloadEvent) => {
    const waits = this.saveState.kind !== 'saved' && this.saveState.kind !== 'saving';
    if ((waits || this.isStorageFull) && this.hasUnsaved) event.preventDefault();
  };

  /** Sets the state of a job whose first change was saved, unless somebody else was faster. */
  private async begin(): Promise<void> {
    try {
      await this.readJob();
      if (this.job.state === 'new') await this.putState('in progress');
    } catch (error) {
      // The next change that is saved does it.
      if (!(error instanceof HttpError)) throw error;
    }
  }

  private async putState(state: JobState): Promise<void> {
    this.job = await setJobState(this.job.id, state);
    this.statesPut += 1;
    this.onChange();
  }

  private async readJob(): Promise<void> {
    const { statesPut } = this;
    const job = await readJob(this.job.id);
    // What was read before this window set the state is old.
    if (statesPut !== this.statesPut) return;
    const finished = job.state === 'completed' && !this.isFinished;
    this.job = job;
    this.onChange(finished ? 'This job was finished in another window' : undefined);
  }

  private requireSaved(nameOf: (frame: number) => string): void {
    const undecided = this.boxes.inConflict().map(nameOf);
    if (undecided.length > 0) {
      throw new Error(`Boxes were changed in another window too: decide first which hold, on ${undecided.join(', ')}.`);
    }
    const { saveState } = this;
    if (saveState.kind === 'saved' && this.boxes.isSaved) return;
    const why = saveState.kind === 'refused' ? ` (${saveState.message})` : '';
    throw new Error(`Not everything is saved${why}. The job can be finished when it is.`);
  }

  private tellState(before: SaveState): void {
    const { kind } = this.saveState;
    if (kind === 'offline' && before.kind !== 'offline') {
      this.onChange('The server cannot be reached. What you do is saved later');
    } else {
      this.onChange(kind === 'saved' && before.kind !== 'saving' ? 'Everything is saved again' : undefined);
    }
  }
}
