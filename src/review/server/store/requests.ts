import { sql } from 'kysely';
import type { Columns } from '../json-filter.js';
import { now, type Store } from './database.js';
import type { RequestRow } from './schema.js';

/** How long the requests of what was deleted can still be read. */
const afterlifeMs = 3600 * 1000;

export type NewRequest = Pick<RequestRow, 'id' | 'action' | 'subresource' | 'task_id' | 'project_id' | 'format'> &
  Partial<Pick<RequestRow, 'target' | 'job_id'>> & { payload: unknown };

/** Puts work into the queue. A finished or failed request of the same id is forgotten. */
export async function enqueueRequest(store: Store, request: NewRequest): Promise<void> {
  await store.deleteFrom('requests').where('id', '=', request.id).execute();
  await store
    .insertInto('requests')
    .values({
      ...request,
      payload: JSON.stringify(request.payload),
      status: 'queued',
      message: '',
      created_date: now(),
    })
    .execute();
}

export function findRequest(store: Store, id: string): Promise<RequestRow | undefined> {
  return store.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Whether the work is still to be done. */
export function isActive(request: RequestRow | undefined): request is RequestRow {
  return request?.status === 'queued' || request?.status === 'started';
}

export const requestColumns: Columns = {
  ...Object.fromEntries(
    ['status', 'project_id', 'task_id', 'job_id', 'action', 'target', 'format', 'subresource', 'created_date'].map(
      (name) => [name, sql.ref(`requests.${name}`)],
    ),
  ),
  // Their order in time.
  id: sql.ref('requests.sequence'),
};

/** The oldest work of these kinds that is not done. What a stopped server had started comes first: it is the oldest. */
export function nextRequest(store: Store, actions: readonly RequestRow['action'][]): Promise<RequestRow | undefined> {
  return store
    .selectFrom('requests')
    .selectAll()
    .where('status', 'in', ['queued', 'started'])
    .where('action', 'in', actions)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
}

/** @returns false where it was taken out of the queue in the meantime */
export async function startRequest(store: Store, sequence: number): Promise<boolean> {
  const { numUpdatedRows } = await store
    .updateTable('requests')
    .set((row) => ({ status: 'started', started_date: now(), attempts: row('attempts', '+', 1) }))
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Notes that work was not begun after all: it was stopped, and did not end the process. */
export async function interruptRequest(store: Store, sequence: number): Promise<void> {
  await store
    .updateTable('requests')
    .set((row) => ({ attempts: row('attempts', '-', 1) }))
    .where('sequence', '=', sequence)
    .execute();
}

/** Call it in the transaction that stores what the work has made, so that both hold or neither. */
export async function finishRequest(
  store: Store,
  sequence: number,
  result: { file?: string; expires?: string } = {},
): Promise<void> {
  await store
    .updateTable('requests')
    .set({
      status: 'finished',
      finished_date: now(),
      result_file: result.file ?? null,
      expiry_date: result.expires ?? null,
    })
    .where('sequence', '=', sequence)
    .execute();
}

export async function failRequest(store: Store, sequence: number, message: string): Promise<void> {
  await store
    .updateTable('requests')
    .set({ status: 'failed', message, finished_date: now() })
    .where('sequence', '=', sequence)
    .execute();
}

/** Forgets requests whose time is over, and those of tasks that no longer exist when they were left behind. */
export async function forgetExpiredRequests(store: Store): Promise<void> {
  await store.deleteFrom('requests').where('expiry_date', '<', now()).execute();
}

/** The requests of a task or project that is being deleted stay readable a while: somebody may be polling them. */
export async function expireRequestsOf(store: Store, column: 'task_id' | 'project_id', id: number): Promise<void> {
  const date = new Date(Date.now() + afterlifeMs).toISOString();
  await store
    .updateTable('requests')
    .set({ expiry_date: date })
    .where(column, '=', id)
    .where((either) => either.or([either('expiry_date', 'is', null), either('expiry_date', '>', date)]))
    .execute();
}

/**
 * Takes work out of the queue that nobody has begun, or that an export has, which changes nothing.
 * @returns which work that was
 */
export async function cancelRequest(store: Store, id: string): Promise<number | undefined> {
  const cancelled = await store
    .deleteFrom('requests')
    .where('id', '=', id)
    .where((row) => row.or([row('status', '=', 'queued'), row('status', '=', 'started').and('action', '=', 'export')]))
    .returning('sequence')
    .executeTakeFirst();
  return cancelled?.sequence;
}

export async function resultFiles(store: Store): Promise<Set<string>> {
  const rows = await store.selectFrom('requests').select('result_file').where('result_file', 'is not', null).execute();
  return new Set(rows.flatMap(({ result_file }) => result_file ?? []));
}
