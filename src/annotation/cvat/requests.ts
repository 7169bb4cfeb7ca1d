import type { CvatClient, Query } from '../types.js';
import { hasStatus } from './errors.js';
import { wait } from './wait.js';
import type { WireRequest } from './wire.js';

/** The first wait doubles up to this many times itself. */
const SLOWEST_POLL = 20;

/** `lost`: the server does not know the request (any more): expired, cancelled, or somebody else's. */
export type RequestOutcome = { status: 'finished' | 'failed'; request: WireRequest } | { status: 'lost' };

/**
 * Waits until a background request ends, however long that takes: a busy server lets it queue for hours. The caller's
 * signal is the deadline.
 * @param onLook called at every look, for heartbeats
 */
export async function awaitRequest(
  client: CvatClient,
  requestId: string,
  signal?: AbortSignal,
  onLook?: () => void,
): Promise<RequestOutcome> {
  for (let pause = client.tuning.pollMs; ; pause = Math.min(pause * 1.5, client.tuning.pollMs * SLOWEST_POLL)) {
    const request = await readRequest(client, requestId, signal);
    onLook?.();
    if (request === undefined) return { status: 'lost' };
    if (request.status === 'finished' || request.status === 'failed') return { status: request.status, request };
    await wait(pause, signal);
  }
}

async function readRequest(client: CvatClient, id: string, signal?: AbortSignal): Promise<WireRequest | undefined> {
  try {
    return await client.json<WireRequest>('GET', `/api/requests/${encodeURIComponent(id)}`, { signal });
  } catch (error) {
    if (hasStatus(error, 403, 404)) return undefined;
    throw error;
  }
}

/** The requests that the server remembers for a task, newest first; queued ones too. */
export async function listRequests(
  client: CvatClient,
  taskId: number,
  action: 'create' | 'import',
  signal?: AbortSignal,
): Promise<WireRequest[]> {
  const query: Query = { task_id: taskId, action };
  const requests = await client.list<WireRequest>('/api/requests', query, signal);
  return requests.sort((a, b) => (b.created_date ?? '').localeCompare(a.created_date ?? ''));
}

/** What the server says about a failed request, without the paths and line ends that CVAT puts in. */
export function failureMessage(request: WireRequest): string {
  return (request.message ?? '').replaceAll(/(?:\/[\w.-]+)+\/(?=[\w.-])/g, '').trim() || 'no reason given';
}
