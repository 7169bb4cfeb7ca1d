import { ApiError } from '../api-error.js';

/** So many wrong passwords in a minute may come from one address, and so many addresses are remembered. */
const tries = 10;
const windowMs = 60_000;
const mostAddresses = 1000;

/** Limits how fast passwords can be guessed. Right ones cost nothing: a script may sign in for every command. */
export class LoginLimit {
  private readonly failures = new Map<string, number[]>();

  /** `clock` gives milliseconds. */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  /**
   * Runs a check that says whether a password was right. It counts as wrong until then, so that many at a time do not
   * slip through.
   * @throws ApiError 429 with Retry-After in its headers, without a check, after too many wrong ones
   */
  async attempt(address: string, check: () => Promise<boolean>): Promise<boolean> {
    const begun = this.clock();
    const recent = (this.failures.get(address) ?? []).filter((time) => time > begun - windowMs);
    if (recent.length >= tries) {
      const seconds = Math.ceil(((recent[0] ?? begun) + windowMs - begun) / 1000);
      throw new ApiError(
        429,
        { detail: `Request was throttled. Expected available in ${seconds} seconds.` },
        { 'retry-after': String(seconds) },
      );
    }
    this.remember(address, [...recent, begun]);
    const right = await check();
    if (right) {
      const left = this.failures.get(address) ?? [];
      const own = left.indexOf(begun);
      this.remember(address, own < 0 ? left : left.toSpliced(own, 1));
    }
    return right;
  }

  /** Addresses with nothing to remember go, and the ones that were quiet for longest when there are too many. */
  private remember(address: string, times: number[]): void {
    this.failures.delete(address);
    if (times.length > 0) this.failures.set(address, times);
    if (this.failures.size > mostAddresses) this.failures.delete(this.failures.keys().next().value ?? '');
  }
}
