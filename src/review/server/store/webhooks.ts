import { now, type Store } from './database.js';
import type { WebhookRow } from './schema.js';

export type WebhookInput = Pick<WebhookRow, 'target_url' | 'description' | 'events' | 'secret' | 'is_active'>;

export function insertWebhook(store: Store, projectId: number, input: WebhookInput): Promise<WebhookRow> {
  const date = now();
  return store
    .insertInto('webhooks')
    .values({ ...input, project_id: projectId, created_date: date, updated_date: date })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export function updateWebhook(
  store: Store,
  id: number,
  change: Partial<WebhookInput>,
): Promise<WebhookRow | undefined> {
  return store
    .updateTable('webhooks')
    .set({ ...change, updated_date: now() })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

export function findWebhook(store: Store, id: number): Promise<WebhookRow | undefined> {
  return store.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Newest first. */
export function webhooksOf(store: Store, projectId: number | undefined): Promise<WebhookRow[]> {
  const all = store.selectFrom('webhooks').selectAll().orderBy('id', 'desc');
  return (projectId === undefined ? all : all.where('project_id', '=', projectId)).execute();
}

export async function deleteWebhook(store: Store, id: number): Promise<void> {
  await store.deleteFrom('webhooks').where('id', '=', id).execute();
}
