import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Columns } from '../json-filter.js';
import { now, ownerName, type Store } from './database.js';
import type { AccessTokenRow } from './schema.js';

/** How exactly it is known when a token was last used: a write for every request would cost more than it tells. */
const usedStepMs = 3600 * 1000;

/** Tokens are long and random: one round of a plain hash keeps them as well as many would. */
const hashOf = (value: string) => createHash('sha256').update(value).digest('hex');

/** `value` is shown once and stored nowhere; the official clients take at most 40 characters. */
export async function insertAccessToken(
  store: Store,
  token: Pick<AccessTokenRow, 'kind' | 'name' | 'read_only' | 'expiry_date'>,
): Promise<{ row: AccessTokenRow; value: string }> {
  const value = randomBytes(20).toString('hex');
  const date = now();
  const row = await store
    .insertInto('access_tokens')
    .values({ ...token, hash: hashOf(value), created_date: date, updated_date: date })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { row, value };
}

/** The token with this value, unless its time is over. */
export async function findAccessToken(store: Store, value: string): Promise<AccessTokenRow | undefined> {
  const row = await store.selectFrom('access_tokens').selectAll().where('hash', '=', hashOf(value)).executeTakeFirst();
  if (row === undefined || (row.expiry_date !== null && row.expiry_date < now())) return undefined;
  if (row.last_used_date === null || Date.parse(row.last_used_date) < Date.now() - usedStepMs) {
    await store.updateTable('access_tokens').set({ last_used_date: now() }).where('id', '=', row.id).execute();
  }
  return row;
}

/** Those that a person made. */
export function personalTokens(store: Store): Promise<AccessTokenRow[]> {
  return store.selectFrom('access_tokens').selectAll().where('kind', '=', 'personal').execute();
}

export function findPersonalToken(store: Store, id: number): Promise<AccessTokenRow | undefined> {
  const query = store.selectFrom('access_tokens').selectAll().where('kind', '=', 'personal');
  return query.where('id', '=', id).executeTakeFirst();
}

export async function updateAccessToken(
  store: Store,
  id: number,
  change: Partial<Pick<AccessTokenRow, 'name' | 'read_only' | 'expiry_date'>>,
): Promise<void> {
  await store
    .updateTable('access_tokens')
    .set({ ...change, updated_date: now() })
    .where('id', '=', id)
    .execute();
}

export const accessTokenColumns: Columns = {
  ...Object.fromEntries(
    ['id', 'name', 'read_only', 'created_date', 'updated_date', 'expiry_date', 'last_used_date'].map((name) => [
      name,
      sql.ref(`access_tokens.${name}`),
    ]),
  ),
  owner: ownerName,
};

export async function deleteAccessToken(store: Store, token: Pick<AccessTokenRow, 'id' | 'kind'>): Promise<boolean> {
  const { numDeletedRows } = await store
    .deleteFrom('access_tokens')
    .where('id', '=', token.id)
    .where('kind', '=', token.kind)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function forgetExpiredTokens(store: Store): Promise<void> {
  await store.deleteFrom('access_tokens').where('expiry_date', '<', now()).execute();
}
