import { readMeta, setDeletedFrames } from '../api/cvat.js';

/** The frames of a job that are left out of exports and of the dataset, which CVAT calls deleted: they can come back. */
export class LeftOut {
  private readonly channel: BroadcastChannel;
  /** Why the last one could not be left out or taken back. */
  error: string | undefined;
  private running: Promise<unknown> = Promise.resolve();

  private frames: ReadonlySet<number>;

  /**
   * @param place names the data folder and the job
   * @param frames by their indexes in the task
   * @param onChange told after they have changed, here or in another tab
   */
  constructor(
    private readonly jobId: number,
    place: string,
    frames: readonly number[],
    private readonly onChange: () => void,
  ) {
    this.frames = new Set(frames);
    this.channel = new BroadcastChannel(`frameloop left out ${place}`);
    this.channel.onmessage = ({ data }: MessageEvent<number[]>) => this.take(data);
  }

  close(): void {
    this.channel.close();
  }

  has(frame: number): boolean {
    return this.frames.has(frame);
  }

  /**
   * Leaves a frame out, or takes it back; one after the other.
   * @param name what people call it
   * @returns what was done, or why it could not be
   */
  toggle(frame: number, name: string): Promise<string> {
    const out = !this.has(frame);
    const work = this.running.then(async () => {
      try {
        await this.put(frame, out);
        this.error = undefined;
        return out ? `${name} is left out of the dataset` : `${name} is taken back`;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return (this.error = `${name} cannot be ${out ? 'left out' : 'taken back'}: ${why}`);
      }
    });
    this.running = work;
    return work;
  }

  /** @throws HttpError */
  private async put(frame: number, out: boolean): Promise<void> {
    // All are sent together, and others may have changed since.
    const others = (await readMeta(this.jobId)).deleted_frames.filter((one) => one !== frame);
    const { deleted_frames } = await setDeletedFrames(this.jobId, out ? [...others, frame] : others);
    this.take(deleted_frames);
    this.channel.postMessage(deleted_frames);
  }

  private take(frames: readonly number[]): void {
    this.frames = new Set(frames);
    this.onChange();
  }
}
