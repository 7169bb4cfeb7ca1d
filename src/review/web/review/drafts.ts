import type { Box, SavedBox } from '../model/box.js';
import type { Conflict } from '../model/merge.js';

/** What a frame's boxes are while the server does not have them yet. */
export interface Draft {
  mine: Box[];
  saved: [string, SavedBox][];
  sent: [string, Box][];
  conflicts: Conflict[];
}

/**
 * What was done in this tab and not saved yet, kept in the browser at the moment it is done (localStorage answers at
 * once, so that a crash right after loses nothing). Every tab has its own drafts; those of tabs that are gone (a crash, a
 * closed window) are taken over by the next tab that opens the job.
 */
export class Drafts {
  private constructor(
    private readonly prefix: string,
    private readonly tab: string,
    private readonly others: string[],
  ) {}

  /** @param place names the data folder and the job */
  static async open(place: string): Promise<Drafts> {
    const prefix = `frameloop-draft ${place} `;
    const tab = await claimTab();
    const { held = [] } = await navigator.locks.query();
    const alive = new Set(held.flatMap(({ name }) => name ?? []));
    const tabs = new Set(keysWith(prefix).map((key) => key.slice(prefix.length).split(' ')[0] ?? ''));
    return new Drafts(
      prefix,
      tab,
      [...tabs].filter((other) => other !== tab && !alive.has(lockName(other))),
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
        // Ours first, so that a crash between the two leaves it twice rather than not at all.
        this.write(frame, draft);
        localStorage.removeItem(key);
      }
    }
    return drafts;
  }

  /** @throws DOMException when the browser has no room left */
  write(frame: number, draft: Draft): void {
    localStorage.setItem(`${this.prefix}${this.tab} ${frame}`, JSON.stringify(draft));
  }

  remove(frame: number): void {
    localStorage.removeItem(`${this.prefix}${this.tab} ${frame}`);
  }
}

const lockName = (tab: string) => `frameloop-tab-${tab}`;
const keysWith = (prefix: string) => Object.keys(localStorage).filter((key) => key.startsWith(prefix));

let claimed: Promise<string> | undefined;

/**
 * The name of this tab, which it keeps when it is reloaded, and a lock on it for as long as it lives. A copied tab (the
 * browser copies its memory too) finds the name taken and gets a new one.
 */
function claimTab(): Promise<string> {
  claimed ??= (async () => {
    const before = sessionStorage.getItem('frameloop-tab');
    const tab = before !== null && (await hold(before)) ? before : crypto.randomUUID();
    if (tab !== before) await hold(tab);
    sessionStorage.setItem('frameloop-tab', tab);
    return tab;
  })();
  return claimed;
}

function hold(tab: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(lockName(tab), { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      // Held until the tab is gone.
      return lock === null ? undefined : new Promise<never>(() => undefined);
    });
  });
}
