import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  /** Paths that were asked for, in order. */
  requests: string[];
  /** The ranges and cookies that came with them. */
  ranges: string[];
  cookies: string[];
  close: () => Promise<void>;
}

/** A web server that answers by the table, or by what a function finds for a path; other paths are 404. */
export async function startServer(
  handlers: Record<string, Handler> | ((pathname: string) => Handler | undefined),
): Promise<TestServer> {
  const requests: string[] = [];
  const ranges: string[] = [];
  const cookies: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    requests.push(pathname);
    if (request.headers.range !== undefined) ranges.push(request.headers.range);
    if (request.headers.cookie !== undefined) cookies.push(request.headers.cookie);
    const handler = typeof handlers === 'function' ? handlers(pathname) : handlers[pathname];
    if (handler !== undefined) return handler(request, response);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    ranges,
    cookies,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error === undefined ? resolve() : reject(error)));
      }),
  };
}

/** Serves bytes as web servers do, with ranges; `limit` cuts each answer after so many bytes of it. */
export function bytes(content: Buffer, type = 'video/mp4', limit = Infinity): Handler {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = content.subarray(start);
    const headers = { 'content-type': type, 'content-length': rest.length, 'accept-ranges': 'bytes' };
    if (start === 0) response.writeHead(200, headers);
    else {
      const range = `bytes ${start}-${content.length - 1}/${content.length}`;
      response.writeHead(206, { ...headers, 'content-range': range });
    }
    if (request.method === 'HEAD') response.end();
    else if (rest.length <= limit) response.end(rest);
    else response.write(rest.subarray(0, limit), () => response.destroy());
  };
}

export function page(body: string): Handler {
  return (_, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<html><head><title>A page</title></head>${body}</html>`);
  };
}
