import { sql } from 'kysely';
import type { Columns } from '../json-filter.js';
import { always, now, ownerName, type Store } from './database.js';
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

export function webhooksOf(store: Store, projectId: number): Promise<WebhookRow[]> {
  return store.selectFrom('webhooks').selectAll().where('project_id', '=', projectId).execute();
}

export const webhookColumns: Columns = {
  id: sql.ref('webhooks.id'),
  target_url: sql.ref('webhooks.target_url'),
  description: sql.ref('webhooks.description'),
  project_id: sql.ref('webhooks.project_id'),
  updated_date: sql.ref('webhooks.updated_date'),
  owner: ownerName,
  type: always('project'),
};

export async function deleteWebhook(store: Store, id: number): Promise<void> {
  await store.deleteFrom('webhooks').where('id', '=', id).execute();
}
