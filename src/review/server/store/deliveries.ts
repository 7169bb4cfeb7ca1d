import { now, type Store } from './database.js';
import type { DeliveryRow } from './schema.js';

/** How long, and of how many messages, it can be looked up what a receiver has answered: every save sends two. */
const keptMs = 7 * 24 * 3600 * 1000;
const keptCount = 10_000;

/** Keeps a message. Without another `next_date` it is in the queue, to be sent at once. */
export async function insertDelivery(
  store: Store,
  delivery: Pick<DeliveryRow, 'webhook_id' | 'event' | 'body' | 'redelivery'> & { next_date?: null },
): Promise<DeliveryRow> {
  const date = now();
  const row = await store
    .insertInto('webhook_deliveries')
    .values({ next_date: date, ...delivery, attempt: 0, created_date: date, updated_date: date })
    .returningAll()
    .executeTakeFirstOrThrow();
  const oldest = new Date(Date.now() - keptMs).toISOString();
  await store
    .deleteFrom('webhook_deliveries')
    .where('next_date', 'is', null)
    .where((other) => other.or([other('created_date', '<', oldest), other('id', '<=', row.id - keptCount)]))
    .execute();
  return row;
}

/** The message that each receiver has to get next, or the one of this receiver. */
export function nextDeliveries(store: Store, webhookId?: number): Promise<DeliveryRow[]> {
  return store
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('id', 'in', (inner) => {
      const waiting = inner.selectFrom('webhook_deliveries').where('next_date', 'is not', null);
      const chosen = webhookId === undefined ? waiting : waiting.where('webhook_id', '=', webhookId);
      return chosen.groupBy('webhook_id').select((one) => one.fn.min('id').as('id'));
    })
    .execute();
}

/** Lets what waits for its next attempt be sent at once. */
export async function hurryDeliveries(store: Store, webhookId: number): Promise<void> {
  await store
    .updateTable('webhook_deliveries')
    .set({ next_date: now() })
    .where('webhook_id', '=', webhookId)
    .where('next_date', 'is not', null)
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
