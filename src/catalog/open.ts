import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import SqliteDatabase from 'libsql';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import { Catalog } from './catalog.js';
import { migrations } from './migrations.js';
import type { Database } from './schema.js';

/**
 * Opens the catalog `<dataFolder>/catalog.sqlite`, making or migrating it as needed. Several processes may have it open.
 *
 * @throws PipelineError DATA_FOLDER_UNWRITABLE, CATALOG_UNREADABLE
 */
export async function openCatalog(dataFolder: string): Promise<Catalog> {
  const file = path.join(dataFolder, 'catalog.sqlite');
  try {
    await mkdir(dataFolder, { recursive: true });
  } catch (error) {
    throw new PipelineError(
      'DATA_FOLDER_UNWRITABLE',
      `The data folder ${dataFolder} cannot be made (${systemErrorCode(error) ?? messageOf(error)}).`,
      { hint: 'Set paths.data in the configuration to a folder that you may write to.', cause: error },
    );
  }
  try {
    const database = new SqliteDatabase(file);
    // Another process may be writing; WAL lets readers go on, and a writer waits its turn.
    database.pragma('busy_timeout = 10000');
    database.pragma('journal_mode = WAL');
    database.pragma('foreign_keys = ON');
    const db = new Kysely<Database>({ dialect: new SqliteDialect({ database }) });
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
    const { error } = await migrator.migrateToLatest();
    if (error) throw error instanceof Error ? error : new Error(messageOf(error));
    return new Catalog(db);
  } catch (error) {
    const unwritable = /readonly|unable to open|permission|EACCES/i.test(messageOf(error));
    throw new PipelineError(
      unwritable ? 'DATA_FOLDER_UNWRITABLE' : 'CATALOG_UNREADABLE',
      `The catalog ${file} cannot be opened: ${messageOf(error)}.`,
      {
        hint: unwritable
          ? 'Set paths.data in the configuration to a folder that you may write to.'
          : 'Was it made by a newer Frameloop, or damaged? Keep a copy, then move it away to begin anew.',
        cause: error,
      },
    );
  }
}
