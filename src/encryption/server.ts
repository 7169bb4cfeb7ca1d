import type { Payload, PayloadCodec } from '@temporalio/common';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';

/** A page of a history has some hundred payloads of 2 MB at most; in practice kilobytes. */
const maxBodyBytes = 64 * 1024 * 1024;
const host = '127.0.0.1';

interface CodecServer {
  url: string;
  close(): Promise<void>;
}

/** A payload as JSON, as Temporal's UI and command line send it: bytes in base64. */
interface WirePayload {
  metadata?: Record<string, string>;
  data?: string;
}

/**
 * Decrypts for the Temporal UI and command line (https://docs.temporal.io/codec-server): they send what they got from
 * the server and show what comes back. Answers this machine only, and in browsers only the pages of `origin`, since it
 * decrypts for whoever asks.
 *
 * @throws PipelineError PORT_IN_USE
 */
export async function startCodecServer(options: {
  codec: PayloadCodec;
  /** 0 = any free one. */
  port: number;
  /** Address of the Temporal UI. */
  origin: string;
}): Promise<CodecServer> {
  const server = createServer((request, response) => {
    void answer(request, response, options).catch((error: unknown) => {
      send(response, 400, { message: messageOf(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = systemErrorCode(error) === 'EADDRINUSE';
      const hint = 'End the program that uses it, or choose another with --port.';
      reject(
        taken ? new PipelineError('PORT_IN_USE', `Port ${options.port} is in use.`, { hint, cause: error }) : error,
      );
    });
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origin }: { codec: PayloadCodec; origin: string },
): Promise<void> {
  const from = request.headers.origin;
  // A foreign page can make a browser send a request here, also under a name of its own that leads to this machine.
  const local = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '');
  if (!local || (from !== undefined && from !== origin)) return send(response, 403, { message: 'not for this page' });
  if (from !== undefined) {
    response.setHeader('access-control-allow-origin', from);
    response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
    response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
    response.setHeader('vary', 'origin');
  }
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  const [, what] = /\/(encode|decode)$/.exec(request.url?.replace(/\?.*$/, '') ?? '') ?? [];
  if (request.method !== 'POST' || what === undefined)
    return send(response, 404, { message: 'POST /encode or /decode' });
  const { payloads = [] } = JSON.parse(await readBody(request)) as { payloads?: WirePayload[] };
  const read = payloads.map(fromWire);
  const made = await (what === 'encode' ? codec.encode(read) : codec.decode(read));
  send(response, 200, { payloads: made.map(toWire) });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const fromWire = ({ metadata = {}, data = '' }: WirePayload): Payload => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
  data: Buffer.from(data, 'base64'),
});

const toWire = ({ metadata, data }: Payload): WirePayload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
