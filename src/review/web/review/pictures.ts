import { pictureUrl } from '../api/cvat.js';
import { countWithin } from '../model/budget.js';
import type { Size } from '../model/geometry.js';

/** Decoded pictures take four bytes a pixel: this much memory in all. */
const budgetBytes = 256 * 2 ** 20;
/** Frames fetched in advance, in the direction of work and in the other one. */
const ahead = 6;
const behind = 2;

/** The pictures of a job, fetched and decoded before they are needed, so that the next frame is there at once. */
export class Pictures {
  /** Used last goes last. */
  private readonly loading = new Map<number, { image: HTMLImageElement; ready: boolean; done: Promise<void> }>();

  constructor(
    private readonly taskId: number,
    private readonly folderId: string,
    private readonly sizeOf: (frame: number) => Size | undefined,
  ) {}

  /** The picture, if it can be shown at once. */
  ready(frame: number): HTMLImageElement | undefined {
    const entry = this.loading.get(frame);
    return entry?.ready ? entry.image : undefined;
  }

  /** Resolves when the picture can be shown. @throws DOMException where it cannot be decoded or fetched */
  load(frame: number): Promise<void> {
    const known = this.loading.get(frame);
    if (known !== undefined) {
      this.loading.delete(frame);
      this.loading.set(frame, known);
      return known.done;
    }
    const image = new Image();
    image.alt = '';
    image.draggable = false;
    image.src = pictureUrl(this.taskId, frame, this.folderId);
    const entry = { image, ready: false, done: Promise.resolve() };
    entry.done = image.decode().then(
      () => {
        entry.ready = true;
      },
      (error: unknown) => {
        this.loading.delete(frame);
        throw error;
      },
    );
    this.loading.set(frame, entry);
    this.forgetOldest();
    return entry.done;
  }

  /** Fetches what comes next. */
  prepare(frame: number, direction: 1 | -1): void {
    for (const [count, step] of [
      [behind, -direction],
      [ahead, direction],
    ] as const) {
      for (let distance = count; distance > 0; distance -= 1) {
        const next = frame + distance * step;
        // Nobody waits for these: what fails is fetched again, and told, when it is to be shown.
        if (this.sizeOf(next) !== undefined) this.load(next).catch(() => undefined);
      }
    }
    this.load(frame).catch(() => undefined);
  }

  private forgetOldest(): void {
    const newestFirst = [...this.loading.keys()].reverse();
    const bytes = newestFirst.map((frame) => {
      const { width, height } = this.sizeOf(frame) ?? { width: 0, height: 0 };
      return width * height * 4;
    });
    for (const frame of newestFirst.slice(countWithin(budgetBytes, bytes))) this.loading.delete(frame);
  }
}
