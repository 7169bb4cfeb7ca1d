import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { got, RequestError, type Got, type PlainResponse } from 'got';
import { commitFile, temporaryName } from '../../common/files.js';
import type {
  CvatClient,
  CvatClientTuning,
  CvatConnection,
  Exchange,
  ExchangeOptions,
  HttpMethod,
  Query,
} from '../types.js';
import { authorization, normaliseHost, secretsRemover } from './credentials.js';
import { describeErrorBody } from './error-body.js';
import { connectionError, CvatError, statusError } from './errors.js';
import { readPages } from './pages.js';
import { parseRetryAfter } from './retry-after.js';

const DEFAULTS: CvatClientTuning = {
  retries: 3,
  retryDelayMs: 500,
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 120_000,
  pollMs: 250,
  batchFiles: 100,
  batchBytes: 25 * 1024 * 1024,
};

/** A server that says "come back in two minutes" is not waited for here: the caller knows better what to do meanwhile. */
const LONGEST_WAIT_MS = 30_000;

/** CVAT cannot answer plain `application/json` (406); downloads are whatever they are. */
const ACCEPT = 'application/vnd.cvat+json, */*';

/**
 * The one CVAT client: token or user and password, no cookies (they would bring CSRF checks), one connection per
 * exchange (a kept-alive one may be closed just when the next POST, which must not be repeated, goes out).
 * Throws CVAT_HOST_INVALID, or CVAT_AUTH for a token that cannot be one.
 */
export function createCvatClient(connection: CvatConnection, tuning: Partial<CvatClientTuning> = {}): CvatClient {
  return new HttpClient(connection, { ...DEFAULTS, ...tuning });
}

class HttpClient implements CvatClient {
  readonly host: string;
  // Private (#) fields: printing the client, or an error that refers to it, shows no credentials.
  readonly #authorization?: string;
  readonly #withoutSecrets: (text: string) => string;
  readonly #got: Got;

  constructor(
    connection: CvatConnection,
    readonly tuning: CvatClientTuning,
  ) {
    this.host = normaliseHost(connection.host);
    this.#authorization = authorization(connection);
    this.#withoutSecrets = secretsRemover(connection);
    this.#got = got.extend({
      headers: { accept: ACCEPT, 'user-agent': 'frameloop' },
      agent: { http: new http.Agent({ keepAlive: false }), https: new https.Agent({ keepAlive: false }) },
      throwHttpErrors: false,
      responseType: 'text',
      timeout: {
        lookup: tuning.connectTimeoutMs,
        connect: tuning.connectTimeoutMs,
        secureConnect: tuning.connectTimeoutMs,
        response: tuning.responseTimeoutMs,
        socket: tuning.responseTimeoutMs,
      },
      // A redirect would turn a POST into a GET without a body, so only downloads follow one.
      followRedirect: false,
      retry: {
        limit: tuning.retries,
        methods: ['GET', 'PUT', 'DELETE'],
        statusCodes: [429, 502, 503, 504],
        errorCodes: ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ERR_READING_RESPONSE_STREAM'],
        maxRetryAfter: LONGEST_WAIT_MS,
        // 0 means no repetition, and a server may say "at once".
        calculateDelay: ({ computedValue, attemptCount, retryAfter }) =>
          computedValue === 0 ? 0 : retryAfter || tuning.retryDelayMs * 2 ** (attemptCount - 1),
      },
    });
  }

  async json<T>(method: HttpMethod, path: string, options: ExchangeOptions = {}): Promise<T> {
    return (await this.exchange<T>(method, path, options)).body;
  }

  async exchange<T>(method: HttpMethod, path: string, options: ExchangeOptions = {}): Promise<Exchange<T>> {
    const { query, body, rawBody, retry, signal } = options;
    const what = `${method} ${path}`;
    const response = await this.#guard(what, signal, () =>
      this.#got(this.#url(path, query), {
        method,
        headers: this.#headers(options),
        signal,
        // A Buffer, never a stream: CVAT reads a body without a known length as empty.
        body: rawBody?.bytes ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body), 'utf8')),
        ...(retry === undefined ? {} : { retry: retry ? { methods: [method] } : { limit: 0 } }),
      }),
    );
    this.#expectSuccess(what, response, response.body);
    const { headers } = response;
    if (response.body === '') return { body: undefined as T, headers };
    try {
      return { body: JSON.parse(response.body) as T, headers };
    } catch {
      throw notJson(what, this.host, response.body);
    }
  }

  list<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T[]> {
    return readPages((pageQuery) => this.json('GET', path, { query: { ...query, ...pageQuery }, signal }));
  }

  async download(pathWithQuery: string, toFile: string, signal?: AbortSignal): Promise<void> {
    const what = `GET ${pathWithQuery.split('?')[0]}`;
    const temporary = temporaryName(toFile);
    await mkdir(path.dirname(toFile), { recursive: true });
    try {
      await this.#guard(what, signal, async () => {
        const stream = this.#got.stream(`${this.host}${pathWithQuery}`, {
          headers: this.#headers({}),
          retry: { limit: 0 },
          followRedirect: (redirect) => keepsEncryption(redirect.url, redirect.headers.location),
        });
        await pipeline(stream, createWriteStream(temporary), { signal });
        // What a server says against it lies in the file just as well.
        if (stream.response !== undefined && !isSuccess(stream.response)) {
          this.#expectSuccess(what, stream.response, await readFile(temporary, 'utf8'));
        }
      });
      await commitFile(temporary, toFile);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  #url(path: string, query: Query = {}): string {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    return `${this.host}${path}${search.size > 0 ? `?${search.toString()}` : ''}`;
  }

  #headers({ body, rawBody, headers, anonymous }: ExchangeOptions): Record<string, string> {
    const contentType = rawBody?.contentType ?? (body === undefined ? undefined : 'application/json');
    return {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(this.#authorization === undefined || anonymous ? {} : { authorization: this.#authorization }),
      ...headers,
    };
  }

  /** Runs an exchange and turns whatever the HTTP library throws into an error of ours without credentials in it. */
  async #guard<T>(what: string, signal: AbortSignal | undefined, exchange: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await exchange();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RequestError) {
        throw connectionError(what, this.host, error.code, this.#withoutSecrets(error.message));
      }
      throw error;
    }
  }

  #expectSuccess(what: string, response: PlainResponse, text: string): void {
    if (isSuccess(response)) return;
    const { statusCode: status, headers } = response;
    if (status >= 300 && status < 400) {
      throw new CvatError('CVAT_REDIRECTED', `CVAT at ${this.host} sends ${what} elsewhere (${status})`, {
        status,
        hint: `Set CVAT_HOST to where the server really is: it points to ${headers.location ?? 'nowhere'}.`,
      });
    }
    const detail = this.#withoutSecrets(describeErrorBody(text));
    throw statusError(what, status, detail, parseRetryAfter(headers['retry-after'], Date.now()));
  }
}

function isSuccess({ statusCode }: PlainResponse): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** Another host gets no credentials (the HTTP library sees to it), but the same host without TLS would. */
function keepsEncryption(from: string, to: string | undefined): boolean {
  return to !== undefined && (new URL(from).protocol === 'http:' || new URL(to, from).protocol === 'https:');
}

/** A good status whose body is no JSON: cut off on the way, or the page of something that is no CVAT API. */
function notJson(what: string, host: string, text: string): CvatError {
  if (text.trimStart().startsWith('<')) {
    return new CvatError('CVAT_NOT_CVAT', `${host} answers ${what} with a web page, not like a CVAT server`, {
      hint: 'Check CVAT_HOST; a login page of a proxy before CVAT also looks like this.',
    });
  }
  return new CvatError('CVAT_ANSWER_BROKEN', `CVAT's answer to ${what} is no JSON: it was cut off on the way`, {
    retryable: true,
    mayHaveActed: true,
  });
}
