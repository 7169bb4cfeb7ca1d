import type { WireSession } from '../../wire.js';

/** What went wrong with a request, for people and for the code that decides whether to try again. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    /** 0: no answer at all. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the same request may succeed later. */
export function isTemporary(error: unknown): boolean {
  return error instanceof HttpError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

export interface Answer<Body> {
  /** Undefined where the server said that nothing has changed. */
  body: Body | undefined;
  version: string | null;
}

/** A server that does not answer within this time is taken for one that is away. */
const timeoutMs = 30_000;

/** A change of fewer bytes arrives also when its window is closed meanwhile; browsers allow 64 KiB. */
const keptAlive = 60_000;

let csrfToken = '';

/** Reads whether this browser is signed in, and keeps what later requests need. */
export async function readSession(): Promise<WireSession> {
  const session = await get<WireSession>('/api/frameloop/session');
  csrfToken = session.csrfToken ?? '';
  return session;
}

export async function get<Body>(path: string): Promise<Body> {
  return (await request<Body>('GET', path)).body as Body;
}

type Method = 'GET' | 'POST' | 'PATCH';

/**
 * Sends a request as this browser's session.
 * @throws HttpError
 */
export async function request<Body>(
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  try {
    return await send<Body>(method, path, body, headers);
  } catch (error) {
    if (method === 'GET' || !(error instanceof HttpError) || error.status !== 403) throw error;
    // Another tab may have signed in anew, which gives the browser another session than this page began with.
    const before = csrfToken;
    const { signedIn } = await readSession();
    if (!signedIn || csrfToken === before) throw error;
    return send<Body>(method, path, body, headers);
  }
}

async function send<Body>(
  method: Method,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer<Body>> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers: {
        accept: 'application/vnd.cvat+json, application/json',
        ...(method === 'GET' ? {} : { 'x-csrftoken': csrfToken }),
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content === undefined
        ? {}
        : { body: content, keepalive: new TextEncoder().encode(content).length < keptAlive }),
      credentials: 'same-origin',
      // The server's word is asked for each time; what it says has not changed comes as 304, which is for us.
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
    });
    // The connection may end in the middle of an answer: then there is none.
    text = await response.text();
  } catch (error) {
    throw new HttpError(0, error instanceof Error ? error.message : String(error));
  }
  const version = response.headers.get('etag');
  if (response.status === 304 || response.status === 204) return { body: undefined, version };
  if (!response.ok) throw new HttpError(response.status, messageOf(text) || response.statusText);
  try {
    return { body: JSON.parse(text) as Body, version };
  } catch {
    throw new HttpError(0, 'The answer is not complete.');
  }
}

/** CVAT has four shapes of error bodies: `{"detail": …}`, `{"field": […]}`, `["…"]` and a bare text. */
function messageOf(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'string') return body;
    if (typeof body !== 'object' || body === null) return text;
    return Object.values(body).flat(5).map(String).join(' ');
  } catch {
    return text.slice(0, 200);
  }
}
