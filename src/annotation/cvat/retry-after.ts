/**
 * Milliseconds until the moment that a Retry-After header names: seconds, or a date (RFC 9110, 10.2.3).
 * `undefined` where there is no such header or it says nothing.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  const delay = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isNaN(delay) ? undefined : Math.max(0, delay);
}
