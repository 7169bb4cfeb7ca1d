import { describe, expect, it } from 'vitest';
import { withinPatience } from '../../../src/activities/patience.js';
import { PipelineError } from '../../../src/common/errors.js';

const minute = 60_000;
const failure = (code: string, retryAfterMs?: number) =>
  new PipelineError(code, 'Something failed.', { hint: 'Wait.', retryable: true, retryAfterMs });

describe('a site that fails again and again', () => {
  it('is left for this round after some attempts, with the same code', () => {
    expect(withinPatience(failure('NETWORK_FAILED'), 9)).toMatchObject({ retryable: true });
    expect(withinPatience(failure('NETWORK_FAILED'), 10)).toMatchObject({
      ...{ code: 'NETWORK_FAILED', retryable: false, hint: 'Wait.' },
      message: 'Something failed. Gave up for this round after 10 attempts.',
    });
    expect(withinPatience(failure('DOWNLOAD_REFUSED'), 2)).toMatchObject({ retryable: false });
  });

  it('that has too many requests gets longer and longer pauses, up to an hour', () => {
    const pause = (attempt: number, first: number) =>
      (withinPatience(failure('RATE_LIMITED', first), attempt) as PipelineError).retryAfterMs;
    expect([1, 2, 3, 4, 5].map((attempt) => pause(attempt, 5 * minute))).toEqual(
      [5, 10, 20, 40, 60].map((minutes) => minutes * minute),
    );
    expect(pause(3, 60 * minute)).toBe(60 * minute);
  });

  it('other errors are as they were', () => {
    for (const error of [new Error('x'), new PipelineError('BOT_CHECK', 'x'), failure('DATASET_LOCKED')]) {
      expect(withinPatience(error, 99)).toBe(error);
    }
  });
});
