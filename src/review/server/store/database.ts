import { Kysely, Migrator, sql, SqliteDialect, Transaction, type RawBuilder } from 'kysely';
import Database from 'libsql';
import { messageOf, PipelineError } from '../../../common/errors.js';
import { userName } from '../views.js';
import { migrations } from './migrations.js';
import type { ReviewTables } from './schema.js';

/** The database, or a transaction in it. Inside a transaction use only the transaction: there is one connection. */
export type Store = Kysely<ReviewTables> | Transaction<ReviewTables>;

/**
 * Opens the database and brings it up to date. What a committed transaction wrote survives a kill and a power cut
 * (write-ahead log, synchronised at every commit).
 * @throws PipelineError DATABASE_FAILED
 */
export async function openStore(file: string): Promise<Kysely<ReviewTables>> {
  let connection: Database.Database | undefined;
  try {
    connection = new Database(file);
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    const store = new Kysely<ReviewTables>({ dialect: new SqliteDialect({ database: connection }) });
    const { error } = await new Migrator({
      db: store,
      provider: { getMigrations: () => Promise.resolve(migrations) },
    }).migrateToLatest();
    // What is handed over may be anything that was thrown.
    if (error !== undefined) throw error instanceof Error ? error : new Error(messageOf(error));
    return store;
  } catch (error) {
    connection?.close();
    throw new PipelineError('DATABASE_FAILED', `The review server's database ${file} cannot be opened.`, {
      hint: `If the file is damaged, move it away and restart (${messageOf(error)}).`,
      cause: error,
    });
  }
}

/** Does all of this or nothing: in the transaction that is going on, or in one of its own. */
export function atomically<Result>(
  store: Store,
  work: (transaction: Transaction<ReviewTables>) => Promise<Result>,
): Promise<Result> {
  return store instanceof Transaction ? work(store) : store.transaction().execute(work);
}

/** Now, as dates are stored. */
export function now(): string {
  return new Date().toISOString();
}

/** The one user, to whom everything belongs, and columns that have the same value, or none, in every row; for filters. */
export const ownerName = sql`${userName}`;
export const nothing = sql`null`;
export const always = (value: string) => sql`${value}`;

/** The one user's name where something is given to them, for filters. */
export function assigneeName(column: string): RawBuilder<unknown> {
  return sql`case when ${sql.ref(column)} is not null then ${userName} end`;
}
