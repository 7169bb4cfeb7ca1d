import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { createCvatClient, type CvatClient } from '../../src/annotation/index.js';

/** Exchanges with a real CVAT 2.23.1, which stand beside the repository where it is developed. */
const folder = path.resolve(import.meta.dirname, '../../../shared/cvat-record');

interface Exchange {
  note?: string;
  request: { method: string; path: string; headers: Record<string, string>; body?: unknown };
  response: { status: number; headers: Record<string, string>; body: unknown; zip_content?: Record<string, string> };
}

export const recordFiles = existsSync(folder)
  ? readdirSync(folder).flatMap((name) => (name.endsWith('.json') ? [name.replace('.json', '')] : []))
  : [];
if (recordFiles.length === 0) console.warn('skipped: recorded CVAT exchanges are not at ../shared/cvat-record');

export function readRecord<T = Record<string, unknown>>(name: string): T {
  return JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as T;
}

function exchangesOf(name: string): Exchange[] {
  const { exchanges = [] } = readRecord<{ exchanges?: Partial<Exchange>[] }>(name);
  return exchanges.filter((each): each is Exchange => each.request !== undefined && each.response !== undefined);
}

/** What a request is, apart from ids and values. */
function kindOf(method: string, url: string, headers: Record<string, unknown>): string {
  const { pathname } = new URL(url, 'http://x');
  const template = pathname
    .replace(/\/$/, '')
    .replace(/\/api\/requests\/[^/]+/, '/api/requests/R')
    .replace(/\/annotations\/[\w-]{30,}/, '/annotations/F')
    .replace(/\/\d+/g, '/N');
  const upload = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => /^(upload-(start|multiple|finish)|tus-resumable)$/.test(name));
  return [method, template, ...upload].join(' ');
}

/** Parameters that no recorded request has; the API's description has them for these calls (design notes, 3.2 and 6.1). */
const documented = new Set(['location']);

interface Accepted {
  query: Set<string>;
  /** Top-level keys of a JSON body, or names of form fields without their numbers. */
  body: Set<string>;
  contentTypes: Set<string>;
}

/** What the real server accepted, by kind, over all records and the calls of both official clients. */
function acceptedRequests(): Map<string, Accepted> {
  const all = new Map<string, Accepted>();
  const add = ({ request }: Pick<Exchange, 'request'>) => {
    const kind = kindOf(request.method, request.path, request.headers);
    const entry = all.get(kind) ?? { query: new Set(), body: new Set(), contentTypes: new Set() };
    all.set(kind, entry);
    for (const key of new URL(request.path, 'http://x').searchParams.keys()) entry.query.add(key);
    for (const key of bodyKeys(request.body)) entry.body.add(key);
    for (const [name, value] of Object.entries(request.headers)) {
      if (name.toLowerCase() === 'content-type') entry.contentTypes.add(value.split(';')[0]!);
    }
  };
  for (const file of recordFiles) {
    exchangesOf(file)
      .filter(({ response }) => response.status < 300)
      .forEach(add);
    const { flow = [] } = readRecord<{ flow?: { http: SdkCall[] }[] }>(file);
    for (const { method, path, headers, status, json } of flow.flatMap(({ http }) => http)) {
      if (status < 300) add({ request: { method, path, headers, body: json } });
    }
  }
  return all;
}

interface SdkCall {
  method: string;
  path: string;
  headers: Record<string, string>;
  status: number;
  json?: unknown;
}

function bodyKeys(body: unknown): string[] {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return [];
  if ('multipart' in body) {
    const parts = body.multipart as { disposition: string }[];
    return parts.flatMap(({ disposition }) => fieldName(disposition));
  }
  return Object.keys(body);
}

function fieldName(disposition: string): string[] {
  const [, name] = /\bname="([^"]*)"/.exec(disposition) ?? [];
  return name === undefined ? [] : [name.replace(/\[\d+\]$/, '[n]')];
}

const accepted = acceptedRequests();

/** A server that knows nothing but one record, and notes every request that the real one never accepted in that form. */
export class Replay {
  readonly faults: string[] = [];
  readonly seen: string[] = [];
  private readonly exchanges: Exchange[];
  private readonly used = new Set<Exchange>();
  private first = 0;
  private server!: Server;
  client!: CvatClient;

  constructor(name: string) {
    this.exchanges = exchangesOf(name);
  }

  async start(): Promise<this> {
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const host = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    this.client = createCvatClient(
      { host, token: 'planted' },
      { retries: 0, pollMs: 1, retryDelayMs: 1, batchFiles: 5 },
    );
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Sets the record to an exchange: its number, or its note. What comes before it is not answered any more. */
  from(place: string | number): this {
    this.first = typeof place === 'number' ? place : this.exchanges.findIndex(({ note }) => note === place);
    if (this.first === -1) throw new Error(`there is no exchange "${place}"`);
    this.used.clear();
    return this;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method = '', url = '' } = request;
    this.seen.push(`${method} ${url}`);
    this.judge(request, body);
    const exchange = this.find(method, url, request.headers);
    if (exchange === undefined) {
      this.faults.push(`${method} ${url} is not in the record`);
      return void response.writeHead(599).end();
    }
    const { status, headers, body: content, zip_content: zip } = exchange.response;
    const bytes = zip ? await zipOf(zip) : wireBytes(content);
    const kept = ['location', 'upload-filename', 'retry-after', 'content-type'].filter((name) => name in headers);
    response.writeHead(status, { ...Object.fromEntries(kept.map((name) => [name, headers[name]])) });
    response.end(status === 204 ? undefined : bytes);
  }

  /** Holds a request against the form of those that were accepted. */
  private judge({ method = '', url = '', headers }: IncomingMessage, body: Buffer): void {
    const kind = kindOf(method, url, headers);
    const known = accepted.get(kind);
    const fault = (what: string) => this.faults.push(`${method} ${url}: ${what}`);
    if (!known) return void fault('the real server never accepted anything like it');
    // What can be set when a webhook is made can be changed later.
    const fields = new Set([
      ...known.body,
      ...(/^PATCH .*webhooks/.test(kind) ? accepted.get('POST /api/webhooks')!.body : []),
    ]);
    const query = new URL(url, 'http://x').searchParams;
    for (const key of query.keys()) {
      // Pages are the same for every list.
      if (/^page(_size)?$/.test(key) || documented.has(key) || known.query.has(key)) continue;
      fault(`unknown parameter ${key}`);
    }
    if (!/vnd\.cvat\+json|\*\/\*/.test(headers.accept ?? '')) fault('406: no acceptable media type');
    if (headers['transfer-encoding'] !== undefined) fault('a body of unknown length is read as empty');
    if (headers.cookie !== undefined) fault('a cookie brings CSRF checks');
    if (!url.startsWith('/api/server/about') && headers.authorization === undefined) fault('no credentials');
    if (kind.endsWith('tus-resumable') && headers.origin === undefined) fault('tus without Origin is a 500');
    if (body.length === 0) return;
    const type = headers['content-type']?.split(';')[0] ?? '';
    if (!known.contentTypes.has(type)) fault(`content type ${type}`);
    const keys =
      type === 'application/json'
        ? bodyKeys(JSON.parse(body.toString()))
        : [...body.toString('latin1').matchAll(/^Content-Disposition: (.*)\r$/gm)].flatMap(([, text]) =>
            fieldName(text!),
          );
    for (const key of keys) if (!fields.has(key) && !laterFields.has(key)) fault(`unknown field ${key}`);
  }

  /** The next exchange of this method, path and, as far as both say them, parameters; the last one again at the end. */
  private find(method: string, url: string, headers: Record<string, unknown>): Exchange | undefined {
    const mine = new URL(url, 'http://x');
    const kind = kindOf(method, url, headers);
    const fits = this.exchanges.slice(this.first).filter(({ request }) => {
      const its = new URL(request.path, 'http://x');
      const samePath =
        decodeURIComponent(its.pathname).replace(/\/$/, '') === decodeURIComponent(mine.pathname).replace(/\/$/, '');
      return (
        samePath &&
        'Authorization' in request.headers === 'authorization' in headers &&
        kindOf(request.method, request.path, request.headers) === kind &&
        !('X-Organization' in request.headers) &&
        [...mine.searchParams].every(
          ([key, value]) => key === 'filename' || (its.searchParams.get(key) ?? value) === value,
        )
      );
    });
    const next = fits.find((exchange) => !this.used.has(exchange)) ?? fits.at(-1);
    if (next) this.used.add(next);
    return next;
  }
}

/** Fields that came after 2.23 and that it ignores (recorded: PUT with a score, answer 200). */
const laterFields = new Set(['score']);

function wireBytes(content: unknown): Buffer {
  if (content === null) return Buffer.alloc(0);
  if (typeof content === 'object' && 'text' in content) return Buffer.from(String(content.text));
  return Buffer.from(JSON.stringify(content, (_key, value: unknown) => (Array.isArray(value) ? whole(value) : value)));
}

/** The records cut long lists off with a text; the frames of their clip can be counted on. */
function whole(list: unknown[]): unknown[] {
  const last = list.at(-1);
  const [, count] = typeof last === 'string' ? (/^\.\.\. \((\d+) in all\)$/.exec(last) ?? []) : [];
  if (count === undefined) return list;
  const kept = list.slice(0, -1);
  const first = kept[0] as { name?: string } | undefined;
  if (!first?.name?.startsWith('clip_')) return kept;
  return Array.from({ length: Number(count) }, (_, n) => ({
    ...first,
    name: `clip_${String(n).padStart(6, '0')}.jpg`,
  }));
}

function zipOf(content: Record<string, string>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(content)) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  return buffer(zip.outputStream as Readable);
}
