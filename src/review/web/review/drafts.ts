import type { Draft } from '../model/frame-boxes.js';
import { keepInBrowser, keysWith } from './browser-storage.js';
import { aliveTabs, claimTab } from './tabs.js';

/**
 * What was done in this tab and not saved yet, kept in the browser at the moment it is done (localStorage answers at
 * once, so that a crash right after loses nothing). Every tab has its own drafts; those of tabs that are gone (a crash, a
 * closed window) are taken over by the next tab that opens the job.
 */
export class Drafts {
  /** Frames whose draft had no room in the browser. */
  private readonly unkept = new Set<number>();

  private constructor(
    private readonly prefix: string,
    private readonly tab: string,
    private readonly others: string[],
  ) {}

  /** @param place names the data folder and the job */
  static async open(place: string): Promise<Drafts> {
    const prefix = `frameloop-draft ${place} `;
    const tab = await claimTab();
    const alive = await aliveTabs();
    const tabs = new Set(keysWith(prefix).map((key) => key.slice(prefix.length).split(' ')[0] ?? ''));
    return new Drafts(
      prefix,
      tab,
      [...tabs].filter((other) => other !== tab && !alive.has(other)),
    );
  }

  /** Drafts by frame: this tab's own, and of frames that it has none for, those of tabs that are gone. */
  read(): Map<number, Draft> {
    const drafts = new Map<number, Draft>();
    for (const tab of [this.tab, ...this.others]) {
      const prefix = `${this.prefix}${tab} `;
      for (const key of keysWith(prefix)) {
        const frame = Number(key.slice(prefix.length));
        const draft = JSON.parse(localStorage.getItem(key) ?? 'null') as Draft | null;
        if (draft === null || drafts.has(frame)) continue;
        drafts.set(frame, draft);
        if (tab === this.tab) continue;
        // Ours first, so that a crash between the two leaves it twice rather than not at all; where there is no room for
        // both, the other makes room.
        this.write(frame, draft);
        localStorage.removeItem(key);
        if (this.unkept.has(frame)) this.write(frame, draft);
      }
    }
    return drafts;
  }

  /** Whether the browser had no room for something that is not saved: it is in this window alone. */
  get isFull(): boolean {
    return this.unkept.size > 0;
  }

  write(frame: number, draft: Draft): void {
    if (keepInBrowser(`${this.prefix}${this.tab} ${frame}`, JSON.stringify(draft))) this.unkept.delete(frame);
    else this.unkept.add(frame);
  }

  remove(frame: number): void {
    localStorage.removeItem(`${this.prefix}${this.tab} ${frame}`);
    this.unkept.delete(frame);
  }
}
