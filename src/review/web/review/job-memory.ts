import { keepInBrowser } from './browser-storage.js';

/** What this browser remembers of a job: which frames somebody is done with, and where one was. */
export class JobMemory {
  private readonly seenKey: string;
  private readonly indexKey: string;
  private seen: Set<number>;

  private onChange: () => void = () => undefined;

  /** @param place names the data folder and the job */
  constructor(place: string) {
    this.seenKey = `frameloop-seen ${place}`;
    this.indexKey = `frameloop-at ${place}`;
    this.seen = new Set(this.stored());
  }

  /** @param onChange told after another tab has changed what is seen */
  watch(onChange: () => void): void {
    this.onChange = onChange;
    window.addEventListener('storage', this.onStorage);
  }

  close(): void {
    window.removeEventListener('storage', this.onStorage);
  }

  isSeen(frame: number): boolean {
    return this.seen.has(frame);
  }

  addSeen(frame: number): void {
    this.keep(new Set([...this.stored(), ...this.seen, frame]));
  }

  removeSeen(frame: number): void {
    const frames = new Set([...this.stored(), ...this.seen]);
    if (frames.delete(frame)) this.keep(frames);
  }

  /** Index in the job of the frame that was shown last; 0 where none was. */
  get index(): number {
    return Number(localStorage.getItem(this.indexKey) ?? 0);
  }

  set index(index: number) {
    keepInBrowser(this.indexKey, String(index));
  }

  /** Where there is no room it is known in this tab only. */
  private keep(frames: Set<number>): void {
    this.seen = frames;
    keepInBrowser(this.seenKey, JSON.stringify([...frames]));
  }

  private stored(): number[] {
    return JSON.parse(localStorage.getItem(this.seenKey) ?? '[]') as number[];
  }

  private readonly onStorage = ({ key }: StorageEvent) => {
    if (key !== this.seenKey) return;
    this.seen = new Set(this.stored());
    this.onChange();
  };
}
