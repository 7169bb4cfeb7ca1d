import { PipelineError } from '../common/errors.js';

/**
 * How often a failure of a site is worth another attempt. The pauses between attempts double from 1 s to 5 minutes, or
 * are what the site asked for: 10 attempts take about ten minutes, 8 of a rate limit some hours.
 */
const attempts: Readonly<Record<string, number>> = {
  RATE_LIMITED: 8,
  NETWORK_FAILED: 10,
  SITE_FAILED: 10,
  DOWNLOAD_INTERRUPTED: 10,
  // May be mended by asking once more, and if not, by a new yt-dlp: nothing for this round.
  DOWNLOAD_REFUSED: 2,
  EXTRACTION_FAILED: 3,
  DOWNLOAD_FAILED: 3,
  VIDEO_NOT_YET: 3,
};

const longestPauseMs = 60 * 60_000;

/** Whether the error counts as a failure of the site, of which there may be some. */
export function triesPatience(error: unknown): error is PipelineError {
  return error instanceof PipelineError && error.retryable && attempts[error.code] !== undefined;
}

/**
 * The error of the `attempt`-th attempt (from 1) as it should go to Temporal: not retryable any more when there were
 * enough, so that one video does not hold up its round for a day; and with a longer pause after each "too many requests".
 */
export function withinPatience(error: unknown, attempt: number): unknown {
  if (!triesPatience(error)) return error;
  const most = attempts[error.code] ?? 0;
  const { code, message, hint, retryAfterMs, cause } = error;
  if (attempt >= most) {
    const gaveUp = `${message} Gave up for this round after ${attempt} attempts.`;
    return new PipelineError(code, gaveUp, { hint, cause });
  }
  const pause = retryAfterMs && Math.max(retryAfterMs, Math.min(retryAfterMs * 2 ** (attempt - 1), longestPauseMs));
  return new PipelineError(code, message, { hint, retryable: true, retryAfterMs: pause, cause });
}
