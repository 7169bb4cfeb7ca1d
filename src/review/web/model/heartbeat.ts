/** Timers of tabs in the background run once a minute at worst: after two without a beat a tab is gone. */
const silenceMs = 120_000;

/**
 * Whether a tab that wrote down this time at its last beat lives.
 * @param beat milliseconds since 1970 as text; null if it never wrote any or was closed
 */
export function isAlive(beat: string | null, now: number): boolean {
  // A time to come was written before the clock was set back.
  return beat !== null && Math.abs(now - Number(beat)) < silenceMs;
}
