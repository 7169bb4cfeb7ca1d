import { changeShapes, readAnnotations } from '../api/cvat.js';
import { HttpError, isTemporary } from '../api/http.js';
import type { NewShape } from '../api/types.js';
import { toShape } from '../model/shapes.js';
import type { JobBoxes } from './job-boxes.js';

/** Where saving stands, for the person. */
export type SaveState =
  | { kind: 'saved' }
  | { kind: 'saving' }
  /** The server cannot be reached; everything is kept in this browser and sent later. */
  | { kind: 'offline' }
  | { kind: 'signed-out' }
  /** The job was finished elsewhere: what is not saved waits until it is reopened. */
  | { kind: 'finished' }
  /** The server will not take it, with its reason. */
  | { kind: 'refused'; message: string };

/** After the last change, so that several in a row become one request. */
const delayMs = 300;
/** Between attempts while the server is away. */
const retryMs = [500, 1000, 2000, 5000, 10_000];
/** How often other people's changes are looked for. */
const lookMs = 15_000;

export interface SaverOptions {
  jobId: number;
  taskId: number;
  boxes: JobBoxes;
  /** Reads the job again, whose state others change too. @throws HttpError */
  readJob: () => Promise<void>;
  /** Whether nothing may be changed any more. */
  isFinished: () => boolean;
  /** Told after the boxes of these frames have changed. */
  onChange: (frames: readonly number[]) => void;
  /** Told after {@link Saver.state} has changed from this one. */
  onState: (before: SaveState) => void;
  /** Told after something was saved. */
  onSaved: () => void;
}

/** Keeps the server and the frames of a job the same. One request at a time, in the order of what was done. */
export class Saver {
  state: SaveState = { kind: 'saved' };
  private version = '';
  private running: Promise<void> | undefined;
  private saving: Promise<void> | undefined;
  /** Somebody wanted to look while something was running. */
  private lookAgain = false;
  private timer: number | undefined;
  private failures = 0;
  private closed = false;
  private readonly look: number;

  constructor(private readonly options: SaverOptions) {
    this.look = window.setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, lookMs);
  }

  close(): void {
    this.closed = true;
    window.clearInterval(this.look);
    window.clearTimeout(this.timer);
  }

  /** Looks for what others changed, quietly: who has nothing to save need not hear that the server is away. */
  async refresh(): Promise<void> {
    if (this.closed) return;
    if (this.running !== undefined) {
      this.lookAgain = true;
      return;
    }
    const { boxes } = this.options;
    try {
      await this.exclusively(() => this.pull());
      if (boxes.unsaved().length === 0) this.done();
    } catch (error) {
      if (!isTemporary(error)) this.fail(error);
    }
    if (boxes.unsaved().length > 0) this.soon();
  }

  /** Saves in a moment. */
  soon(): void {
    window.clearTimeout(this.timer);
    if (this.closed) return;
    if (this.state.kind === 'saved') this.setState({ kind: 'saving' });
    this.timer = window.setTimeout(() => void this.save(), this.failures > 0 ? this.retryDelay() : delayMs);
  }

  /** Saves now; resolves when everything is saved or cannot be, which {@link state} says. */
  save(): Promise<void> {
    this.saving ??= this.saveAll().finally(() => (this.saving = undefined));
    return this.saving;
  }

  private async saveAll(): Promise<void> {
    window.clearTimeout(this.timer);
    while (this.running !== undefined) await this.running.catch(() => undefined);
    if (this.closed) return;
    const { boxes } = this.options;
    try {
      await this.exclusively(async () => {
        if (this.version === '') await this.pull();
        for (let frames = boxes.unsaved(); frames.length > 0; frames = boxes.unsaved()) {
          if (this.options.isFinished()) return this.setState({ kind: 'finished' });
          if (this.state.kind === 'saved') this.setState({ kind: 'saving' });
          await this.send(frames);
        }
        this.done();
      });
    } catch (error) {
      this.fail(error);
    }
  }

  private done(): void {
    this.failures = 0;
    if (this.state.kind !== 'saved') this.setState({ kind: 'saved' });
  }

  /** Takes in what the server has. @throws HttpError */
  private async pull(): Promise<void> {
    const { jobId, boxes, onChange, readJob } = this.options;
    const [{ body, version }] = await Promise.all([readAnnotations(jobId, this.version || undefined), readJob()]);
    if (body === undefined) return;
    const changed = boxes.takeIn(body.shapes);
    this.version = version ?? '';
    onChange(changed);
  }

  private async exclusively(work: () => Promise<void>): Promise<void> {
    this.running = work();
    try {
      await this.running;
    } finally {
      this.running = undefined;
      if (this.lookAgain) {
        this.lookAgain = false;
        void this.refresh();
      }
    }
  }

  /** Sends the changes of these frames. When the server has changed since, takes that in first; the next turn sends. */
  private async send(numbers: readonly number[]): Promise<void> {
    const { boxes: all, onChange, onSaved } = this.options;
    const changes = numbers.map((frame) => ({ frame, boxes: all.of(frame), ...all.of(frame).unsaved }));
    const rows = <Item>(items: (change: (typeof changes)[number]) => Item[]) => changes.flatMap(items);
    const remove = rows(({ frame, boxes, remove }) => remove.map(({ id, box }) => ({ frame, boxes, id, box })));
    const update = rows(({ frame, boxes, update }) => update.map(({ id, box }) => ({ frame, boxes, id, box })));
    const create = rows(({ frame, boxes, create }) => create.map((box) => ({ frame, boxes, box })));
    try {
      if (remove.length > 0) {
        await this.change(
          'delete',
          remove.map(({ box, frame, id }) => toShape(box, frame, id)),
        );
        for (const { boxes, box } of remove) boxes.wasRemoved(box.key);
      }
      if (update.length > 0) {
        await this.change(
          'update',
          update.map(({ box, frame, id }) => toShape(box, frame, id)),
        );
        for (const { boxes, box, id } of update) boxes.wasSaved(box, id);
      }
      if (create.length > 0) {
        for (const { boxes, box } of create) boxes.willCreate(box);
        onChange(numbers);
        const shapes = await this.change(
          'create',
          create.map(({ box, frame }) => toShape(box, frame)),
        );
        for (const [index, { boxes, box }] of create.entries()) boxes.wasSaved(box, shapes[index]?.id ?? 0);
      }
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 412) {
        // Whether it has arrived or not is seen from what the server has.
        if (isTemporary(error)) this.version = '';
        throw error;
      }
      this.version = '';
      await this.pull();
      return;
    }
    all.nothingIsOnItsWay();
    onChange(numbers);
    onSaved();
  }

  private async change(action: 'create' | 'update' | 'delete', shapes: NewShape[]) {
    const answer = await changeShapes(this.options.taskId, action, shapes, this.version);
    this.version = answer.version;
    return answer.shapes;
  }

  private fail(error: unknown): void {
    window.clearTimeout(this.timer);
    if (isTemporary(error)) {
      this.failures += 1;
      this.setState({ kind: 'offline' });
      this.timer = window.setTimeout(() => void this.save(), this.retryDelay());
    } else if (error instanceof HttpError && (error.status === 401 || error.status === 403)) {
      this.setState({ kind: 'signed-out' });
    } else {
      this.setState({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
    }
  }

  private retryDelay(): number {
    return retryMs[Math.min(this.failures, retryMs.length) - 1] ?? delayMs;
  }

  private setState(state: SaveState): void {
    const before = this.state;
    this.state = state;
    this.options.onState(before);
  }
}
