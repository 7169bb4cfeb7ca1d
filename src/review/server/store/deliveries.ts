import { now, type Store } from './database.js';
import type { DeliveryRow } from './schema.js';

/** How long it can be looked up what a receiver has answered. */
const keptMs = 7 * 24 * 3600 * 1000;

/** Puts a message into the queue, to be sent at once. */
export async function insertDelivery(
  store: Store,
  delivery: Pick<DeliveryRow, 'webhook_id' | 'event' | 'body' | 'redelivery'>,
): Promise<DeliveryRow> {
  const date = now();
  await store
    .deleteFrom('webhook_deliveries')
    .where('next_date', 'is', null)
    .where('created_date', '<', new Date(Date.now() - keptMs).toISOString())
    .execute();
  return store
    .insertInto('webhook_deliveries')
    .values({ ...delivery, attempt: 0, created_date: date, updated_date: date, next_date: date })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** What waits to be sent, the oldest first. */
export function waitingDeliveries(store: Store): Promise<DeliveryRow[]> {
  return store
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('next_date', 'is not', null)
    .orderBy('id')
    .limit(1000)
    .execute();
}

export async function updateDelivery(
  store: Store,
  id: number,
  change: Pick<DeliveryRow, 'status_code' | 'response' | 'attempt' | 'next_date'>,
): Promise<void> {
  await store
    .updateTable('webhook_deliveries')
    .set({ ...change, updated_date: now() })
    .where('id', '=', id)
    .execute();
}

export function findDelivery(store: Store, webhookId: number, id: number): Promise<DeliveryRow | undefined> {
  return store
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Newest first. */
export async function listDeliveries(store: Store, webhookId: number, window: { limit: number; offset: number }) {
  const query = store.selectFrom('webhook_deliveries').where('webhook_id', '=', webhookId);
  const { count } = await query.select((one) => one.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  const rows = await query.selectAll().orderBy('id', 'desc').limit(window.limit).offset(window.offset).execute();
  return { count, rows };
}
