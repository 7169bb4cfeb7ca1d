import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What can go wrong with one request. `after` = the server has acted, and the client does not get to know it. */
export const FAULTS = [
  'reset before',
  'reset after',
  '500',
  '502 after',
  '503 after',
  '429 with Retry-After',
  'stall',
  'answer twice',
  'request twice',
  'half an answer',
] as const;
/** `503` = the server is away and says so. */
export type Fault = (typeof FAULTS)[number] | '503';

export interface FaultyProxy {
  url: string;
  close(): Promise<void>;
}

/**
 * A proxy before an HTTP server that spoils the requests that `choose` names; a request waits for its choice.
 * @param options.stallMs how long a stall is; without it, as long as the client has patience
 */
export async function startFaultyProxy(
  target: string,
  choose: (request: IncomingMessage) => Fault | undefined | Promise<Fault | undefined>,
  { stallMs }: { stallMs?: number } = {},
): Promise<FaultyProxy> {
  const server = createServer((request, response) => {
    Promise.resolve(choose(request))
      .then((kind) => forward(target, request, response, kind, stallMs))
      .catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  kind: Fault | undefined,
  stallMs: number | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (kind === 'reset before') return void request.socket.resetAndDestroy();
  if (kind === '500') return answer(response, 500, '<h1>Server Error (500)</h1>');
  if (kind === '503') return answer(response, 503, '<h1>Service Unavailable</h1>');
  if (kind === '429 with Retry-After') {
    return answer(response, 429, '{"detail":"Request was throttled."}', { 'retry-after': '1' });
  }
  const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
  let real = await ask(target, request, body);
  if (kind === 'request twice') real = await ask(target, request, body);
  const content = Buffer.from(await real.arrayBuffer());
  if (kind === 'stall') {
    if (stallMs === undefined) return; // until the client gives up
    await sleep(stallMs);
  }
  if (kind === 'reset after') return void request.socket.resetAndDestroy();
  if (kind === '502 after') return answer(response, 502, '');
  if (kind === '503 after') return answer(response, 503, '');
  if (kind === 'answer twice') {
    const head = `HTTP/1.1 ${real.status} X\r\ncontent-length: ${content.length}\r\nconnection: close\r\n\r\n`;
    const whole = Buffer.concat([Buffer.from(head), content]);
    return void request.socket.end(Buffer.concat([whole, whole]));
  }
  const told = kind === 'half an answer' ? content.subarray(0, 3) : content;
  answer(response, real.status, told);
}

function ask(target: string, request: IncomingMessage, body: Buffer | undefined): Promise<Response> {
  const kept = Object.entries(request.headers).filter(
    ([name]) => name.startsWith('upload-') || ['authorization', 'accept', 'content-type'].includes(name),
  );
  const headers = Object.fromEntries(kept) as Record<string, string>;
  return fetch(`${target}${request.url}`, { method: request.method, headers, body });
}

function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): void {
  // 204 answers have no body, and a server must not say that they have an empty one.
  response.writeHead(status, status === 204 ? headers : { 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}
