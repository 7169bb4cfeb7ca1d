import { randomUUID } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';
import { originOf } from '../access/addresses.js';
import { integer, parse } from '../validation.js';

/** The official client sends 10 MiB at a time. */
const chunkBytes = 16 * 2 ** 20;

/** So many files may be arriving at a time; of more, the oldest are given up. */
const mostUploads = 200;

/** A file that is arriving by the tus protocol (tus.io, 1.0.0). A restart forgets it, and the client begins anew. */
interface Arrival {
  /** Path of the routes it is sent to, which names the task or job. */
  base: string;
  /** As the client called it; empty where it did not. */
  name: string;
  length: number;
  offset: number;
}

export interface TusOptions {
  /** Where files are written while they arrive. */
  folder: string;
  maxBytes: number;
  /** Called for every request, before anything is read or written. @throws ApiError when there is no such place to upload to */
  admit: (request: FastifyRequest) => Promise<unknown>;
  /** Called when a file is there. Without it, the file waits to be taken. */
  onArrived?: (request: FastifyRequest, file: { path: string; name: string }) => Promise<void>;
}

/** Uploads of one kind by the tus protocol. */
export class TusUploads {
  private readonly arrivals = new Map<string, Arrival>();

  /** Adds the routes that pieces are sent to: `<url>/:file`. Creating is for the route at `url` itself, with {@link create}. */
  constructor(
    app: FastifyInstance,
    urls: readonly string[],
    private readonly options: TusOptions,
  ) {
    if (!app.hasContentTypeParser('application/offset+octet-stream')) {
      app.addContentTypeParser('application/offset+octet-stream', { parseAs: 'buffer' }, (_request, body, done) => {
        done(null, body);
      });
    }
    for (const url of urls) {
      app.head(`${url}/:file`, async (request, reply) => {
        const { arrival } = await this.arrivalOf(request);
        return reply.headers({ 'upload-offset': arrival.offset, 'upload-length': arrival.length }).code(200).send();
      });
      app.patch(`${url}/:file`, { bodyLimit: chunkBytes }, (request, reply) => this.receive(request, reply));
    }
  }

  pathOf(id: string): string {
    return path.join(this.options.folder, id);
  }

  /** Answers the request that announces a file. */
  async create(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const length = parse(integer(0), request.headers['upload-length']);
    const { maxBytes } = this.options;
    if (length > maxBytes) throw new ApiError(413, { detail: `A file may hold ${maxBytes} bytes.` });
    const id = randomUUID();
    await writeFile(this.pathOf(id), '', { flag: 'wx' });
    const base = baseOf(request);
    this.arrivals.set(id, { base, name: nameIn(request), length, offset: 0 });
    const [oldest] = this.arrivals.keys();
    if (this.arrivals.size > mostUploads && oldest !== undefined) await this.discard(oldest);
    return reply
      .headers({ location: `${originOf(request)}${base}/${id}`, 'upload-filename': id, 'tus-resumable': '1.0.0' })
      .code(201)
      .send();
  }

  /** Hands over a file that has arrived whole at this place; undefined where there is none of that id. */
  take(request: FastifyRequest, id: string): string | undefined {
    const arrival = this.arrivals.get(id);
    if (arrival?.base !== baseOf(request) || arrival.offset !== arrival.length) return undefined;
    this.arrivals.delete(id);
    return this.pathOf(id);
  }

  private async receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { id, arrival } = await this.arrivalOf(request);
    const chunk = request.body;
    if (!Buffer.isBuffer(chunk)) throw new ApiError(415, { detail: 'Unsupported media type in request.' });
    const { offset } = arrival;
    if (Number(request.headers['upload-offset']) !== offset) {
      throw new ApiError(409, 'Wrong offset', { 'upload-offset': String(offset) });
    }
    if (offset + chunk.length > arrival.length) throw new ApiError(413, { detail: 'More than was announced.' });
    // Taken before anything is awaited, so that of two pieces for one place only one is written.
    arrival.offset += chunk.length;
    try {
      const handle = await open(this.pathOf(id), 'r+');
      try {
        await handle.write(chunk, 0, chunk.length, offset);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      arrival.offset = offset;
      throw error;
    }
    if (arrival.offset === arrival.length && this.options.onArrived !== undefined) {
      try {
        await this.options.onArrived(request, { path: this.pathOf(id), name: arrival.name });
      } finally {
        await this.discard(id);
      }
    }
    return reply
      .headers({ 'upload-offset': offset + chunk.length, 'tus-resumable': '1.0.0' })
      .code(204)
      .send();
  }

  private async arrivalOf(request: FastifyRequest): Promise<{ id: string; arrival: Arrival }> {
    await this.options.admit(request);
    const { file: id } = request.params as { file: string };
    const arrival = this.arrivals.get(id);
    if (arrival?.base !== baseOf(request).slice(0, -id.length - 1)) throw new ApiError(404, { detail: 'Not found.' });
    return { id, arrival };
  }

  private async discard(id: string): Promise<void> {
    this.arrivals.delete(id);
    await rm(this.pathOf(id), { force: true });
  }
}

function baseOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').replace(/\/$/, '');
}

/** `Upload-Metadata: filename <base64>, …` */
export function nameIn(request: FastifyRequest): string {
  const metadata = request.headers['upload-metadata'];
  const [, encoded = ''] = /(?:^|,)\s*filename +([\w+/=-]+)/.exec(typeof metadata === 'string' ? metadata : '') ?? [];
  return Buffer.from(encoded, 'base64').toString('utf8');
}
