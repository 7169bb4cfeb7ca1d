import { describe, expect, test } from 'vitest';
import { isAlive } from '../../../../src/review/web/model/heartbeat.js';

describe('whether a tab lives', () => {
  const now = 1_800_000_000_000;
  test.each([
    { what: 'never heard of', beat: null, expected: false },
    { what: 'just heard of', beat: now - 4000, expected: true },
    { what: 'in the background, where timers run once a minute', beat: now - 65_000, expected: true },
    { what: 'silent for two minutes', beat: now - 120_000, expected: false },
    { what: 'heard of in a far future, before the clock was set back', beat: now + 3_600_000, expected: false },
    { what: 'not a time', beat: 'x', expected: false },
  ])('$what', ({ beat, expected }) => {
    expect(isAlive(beat === null ? null : String(beat), now)).toBe(expected);
  });
});
