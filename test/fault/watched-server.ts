import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';

/** How far a request has got: its head is here; all of it is; the server has acted, and the client does not know it. */
export const STAGES = ['begun', 'arrived', 'acted'] as const;

/** A moment of the upload of one task. */
export interface Moment {
  taskName: string;
  /** Of the requests about the task, from 0; questions whether the server is done with it are not counted. */
  request: number;
  stage: (typeof STAGES)[number];
}

/** Stands before an annotation server and sees every request about a task, from the search for its name on. */
export interface WatchedServer {
  url: string;
  /** The requests about a task so far, as `POST /api/tasks/1/data/`. */
  requestsOf(taskName: string): string[];
  /** Holds each upload at its moment, and resolves when all are there. They go on when `release` is called. */
  hold(moments: readonly Moment[]): { held: Promise<void>; release: () => void };
  close(): Promise<void>;
}

export async function watchServer(serverUrl: string): Promise<WatchedServer> {
  const requests = new Map<string, string[]>();
  const taskNames = new Map<number, string>();
  let arrive: (at: Moment) => Promise<void> = () => Promise.resolve();

  function hold(moments: readonly Moment[]) {
    const missing = [...moments];
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const held = new Promise<void>((resolve) => {
      arrive = (at) => {
        const index = missing.findIndex((moment) => isDeepStrictEqual(moment, at));
        if (index === -1) return Promise.resolve();
        missing.splice(index, 1);
        if (missing.length === 0) resolve();
        return released;
      };
    });
    return { held, release };
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const { pathname, searchParams } = new URL(url, serverUrl);
    // The name of a task that is to be made stands in the body: there the head alone says nothing.
    const early = method === 'POST' && pathname === '/api/tasks' ? await buffer(request) : undefined;
    const taskName = early ? (JSON.parse(early.toString()) as Named).name : taskNameOf(pathname, searchParams);
    const seen = requests.get(taskName) ?? [];
    requests.set(taskName, [...seen, `${method} ${pathname}`]);
    const at = { taskName, request: seen.length };

    await arrive({ ...at, stage: 'begun' });
    const body = early ?? (await buffer(request));
    await arrive({ ...at, stage: 'arrived' });
    if (request.socket.destroyed) return;
    const kept = Object.entries(request.headers).filter(
      ([name]) => name.startsWith('upload-') || ['authorization', 'accept', 'content-type'].includes(name),
    );
    const headers = Object.fromEntries(kept) as Record<string, string>;
    const answer = await fetch(`${serverUrl}${url}`, { method, headers, body: body.length > 0 ? body : undefined });
    const text = await answer.text();
    if (early && answer.ok) taskNames.set((JSON.parse(text) as Named).id, taskName);
    await arrive({ ...at, stage: 'acted' });
    response.writeHead(answer.status, answer.status === 204 ? {} : { 'content-length': Buffer.byteLength(text) });
    response.end(text);
  }

  /** Empty for a request that is about no task. */
  function taskNameOf(pathname: string, query: URLSearchParams): string {
    if (pathname === '/api/tasks') return query.get('name') ?? '';
    const id = /^\/api\/tasks\/(\d+)/.exec(pathname)?.[1] ?? query.get('task_id');
    return pathname === '/api/requests' ? '' : (taskNames.get(Number(id)) ?? '');
  }

  const proxy = createServer((request, response) => {
    // A client that is killed is no error of the server's.
    forward(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requestsOf: (taskName) => requests.get(taskName) ?? [],
    hold,
    async close() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

interface Named {
  id: number;
  name: string;
}
