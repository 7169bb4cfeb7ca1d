import { keepInBrowser, keysWith, randomName } from './browser-storage.js';
import { isAlive } from '../model/heartbeat.js';

/** How the tabs of this browser know of each other. */
interface Tabs {
  /** Takes a name for this tab for as long as it lives; whether no other tab that lives has it. */
  hold(name: string): Promise<boolean>;
  /** The names of the tabs that live. */
  alive(): Promise<Set<string>>;
}

const prefix = 'frameloop-tab-';

/** By locks, which the browser frees when a tab is gone, however it went. */
const byLocks: Tabs = {
  hold(name) {
    return new Promise((resolve) => {
      void navigator.locks.request(prefix + name, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        // Held until the tab is gone.
        return lock === null ? undefined : new Promise<never>(() => undefined);
      });
    });
  },
  async alive() {
    const { held = [] } = await navigator.locks.query();
    return new Set(held.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
  },
};

const beatMs = 5000;

/** By heartbeats, where there are no locks: a page that came by plain HTTP from another machine has none. */
const byHeartbeat: Tabs = {
  hold(name) {
    if (isAlive(localStorage.getItem(prefix + name), Date.now())) return Promise.resolve(false);
    const beat = () => keepInBrowser(prefix + name, String(Date.now()));
    beat();
    window.setInterval(beat, beatMs);
    window.addEventListener('pagehide', () => localStorage.removeItem(prefix + name));
    window.addEventListener('pageshow', beat);
    return Promise.resolve(true);
  },
  alive() {
    const beats = keysWith(prefix).map((key) => ({ key, beat: localStorage.getItem(key), now: Date.now() }));
    for (const { key, beat, now } of beats) if (!isAlive(beat, now)) localStorage.removeItem(key);
    return Promise.resolve(
      new Set(beats.filter(({ beat, now }) => isAlive(beat, now)).map(({ key }) => key.slice(prefix.length))),
    );
  },
};

// Its type says that every browser has it everywhere.
const tabs = 'locks' in navigator ? byLocks : byHeartbeat;

let claimed: Promise<string> | undefined;

/**
 * The name of this tab, which it keeps when it is reloaded and holds for as long as it lives. A copied tab (the browser
 * copies its memory too) finds the name taken and gets a new one.
 */
export function claimTab(): Promise<string> {
  claimed ??= (async () => {
    const before = sessionStorage.getItem('frameloop-tab');
    const tab = before !== null && (await tabs.hold(before)) ? before : randomName();
    if (tab !== before) await tabs.hold(tab);
    sessionStorage.setItem('frameloop-tab', tab);
    return tab;
  })();
  return claimed;
}

/** The names of the tabs of this browser that live. */
export const aliveTabs = (): Promise<Set<string>> => tabs.alive();
