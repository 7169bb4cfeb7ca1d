import { PipelineError, type PipelineErrorOptions } from '../../common/errors.js';

/** What a failed exchange looked like from here. */
export interface Failure extends PipelineErrorOptions {
  /** HTTP status; absent when no answer came. */
  status?: number;
  /** The server may have done what was asked although we got no good answer: look before asking again. */
  mayHaveActed?: boolean;
}

/** An exchange with CVAT that failed. Carries no `cause`: an HTTP library's errors hold the request's credentials. */
export class CvatError extends PipelineError {
  readonly status?: number;
  readonly mayHaveActed: boolean;

  constructor(code: string, message: string, { status, mayHaveActed, ...options }: Failure = {}) {
    super(code, message, options);
    this.status = status;
    this.mayHaveActed = mayHaveActed ?? false;
  }
}

export function hasStatus(error: unknown, ...statuses: number[]): error is CvatError {
  return error instanceof CvatError && error.status !== undefined && statuses.includes(error.status);
}

interface Meaning {
  code: string;
  hint?: string;
  retryable?: boolean;
  mayHaveActed?: boolean;
}

const BUSY = { code: 'CVAT_UNAVAILABLE', retryable: true, mayHaveActed: true };

/** What each status means for the one who has to mend it. */
function meaningOf(status: number, detail: string): Meaning {
  switch (status) {
    case 401:
      return {
        code: 'CVAT_AUTH',
        hint: 'Check CVAT_TOKEN, or CVAT_USER and CVAT_PASSWORD; servers before 2.48 know no access tokens.',
      };
    case 403:
      return { code: 'CVAT_FORBIDDEN', hint: hintForRefusal(detail) };
    case 404:
    case 410:
      return { code: 'CVAT_NOT_FOUND', hint: 'Check CVAT_HOST and the id; the account may also not see the object.' };
    case 409:
      return { code: 'CVAT_CONFLICT', retryable: true };
    case 413:
      return { code: 'CVAT_TOO_LARGE', hint: 'A proxy before CVAT limits the size of a request: raise its limit.' };
    case 429:
      return { code: 'CVAT_THROTTLED', retryable: true };
    case 500:
      // CVAT says 500 for some wrong requests too, so the one who repeats it must count.
      return { code: 'CVAT_SERVER_ERROR', retryable: true, mayHaveActed: true, hint: "See the CVAT server's log." };
    case 502:
    case 503:
    case 504:
      return { ...BUSY, hint: 'The CVAT server or the proxy before it is overloaded or restarting.' };
    default:
      return status >= 500 ? BUSY : { code: 'CVAT_REJECTED', hint: hintForRejection(detail) };
  }
}

/** Why an account may not do something, as far as the answer tells. */
function hintForRefusal(detail: string): string {
  if (/read.only/i.test(detail))
    return 'Make an access token that may write: CVAT makes read-only ones unless told otherwise.';
  if (/csrf/i.test(detail)) return 'A proxy before CVAT adds cookies: let it pass the Authorization header alone.';
  if (PLAN_LIMIT.test(detail)) return PLAN_HINT;
  return "The account may not do this: check its role in the project's organization.";
}

/** What to do about a request that CVAT does not accept, where the answer tells. */
function hintForRejection(detail: string): string | undefined {
  if (PLAN_LIMIT.test(detail)) return PLAN_HINT;
  if (/organization/i.test(detail)) {
    return 'The project belongs to an organization, or to another one: check CVAT_PROJECT_ID and who CVAT_TOKEN belongs to.';
  }
  return undefined;
}

const PLAN_HINT = 'The plan of the account or organization is used up: delete old tasks, or upgrade.';
const PLAN_LIMIT = /\b(limit|plan|quota|subscription|upgrade)\b/i;

/**
 * The error for an answer with a status that is no success.
 * @param what the exchange, like `POST /api/tasks`
 * @param detail what the body says, see {@link describeErrorBody}
 * @param retryAfterMs from the answer's Retry-After header
 */
export function statusError(what: string, status: number, detail: string, retryAfterMs?: number): CvatError {
  const { code, ...meaning } = meaningOf(status, detail);
  const said = detail === '' ? '' : `: ${detail}`;
  return new CvatError(code, `CVAT answers ${what} with ${status}${said}`, { ...meaning, status, retryAfterMs });
}

/** Nothing can have reached the server with these. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

/** The error for an exchange that got no answer, or half of one. */
export function connectionError(what: string, host: string, code: string, message: string): CvatError {
  const neverSent = NEVER_SENT.has(code) || code.startsWith('ERR_TLS') || code.includes('CERT');
  return new CvatError('CVAT_UNREACHABLE', `No answer from CVAT at ${host} to ${what}: ${message}`, {
    retryable: true,
    mayHaveActed: !neverSent,
    hint: 'Check CVAT_HOST, and that the server is running and can be reached from here.',
  });
}
