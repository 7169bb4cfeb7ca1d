/** What a {@link PipelineError} is made of, besides its code and message. */
export interface PipelineErrorOptions {
  /** How to mend it, in one sentence that a user can act on. */
  hint?: string;
  /** Whether the same call may succeed later without anyone changing anything. Default false. */
  retryable?: boolean;
  /** When the other side said to come back, in milliseconds. Only meaningful with `retryable`. */
  retryAfterMs?: number;
  cause?: unknown;
}

/**
 * The one error class of the project. `code` is stable and SCREAMING_SNAKE (see docs/troubleshooting.md); the message
 * says what is wrong and where in one sentence; secrets never appear in either.
 */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  readonly code: string;
  readonly hint?: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;

  constructor(code: string, message: string, options: PipelineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js system error (`ENOENT`, `EACCES` …), if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
