import { existsSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';

/** What the page needs of a row of the pipeline's table of rounds. */
export interface CatalogRound {
  id: string;
  workflowId: string;
  runId: string;
  state: 'running' | 'waiting' | 'uploaded' | 'finished' | 'skipped' | 'failed' | 'cancelled';
  folder: string;
  taskId: number | null;
  taskUrl: string | null;
  startedAt: string;
  endedAt: string | null;
}

/** How many videos a round has in which state. */
export interface CatalogVideos {
  roundId: string;
  state: string;
  count: number;
}

/**
 * Reads the rounds, newest first, from the pipeline's catalog, which others write to at the same time. None where there
 * is no catalog: the pipeline has not run yet.
 */
export function readCatalog(dataFolder: string): { rounds: CatalogRound[]; videos: CatalogVideos[] } {
  const file = path.join(dataFolder, 'catalog.sqlite');
  if (!existsSync(file)) return { rounds: [], videos: [] };
  const database = new Database(file, { readonly: true });
  try {
    // In the middle of its first migration the catalog has no tables.
    const tables = database.prepare("select count(*) as n from sqlite_master where name in ('rounds', 'videos')");
    if ((tables.get() as { n: number }).n < 2) return { rounds: [], videos: [] };
    const rounds = database
      .prepare(
        'select id, workflowId, runId, state, folder, taskId, taskUrl, startedAt, endedAt from rounds order by startedAt desc, id desc',
      )
      .all() as CatalogRound[];
    const videos = database
      .prepare(
        'select claimedByRound as roundId, state, count(*) as count from videos where claimedByRound is not null group by 1, 2',
      )
      .all() as CatalogVideos[];
    return { rounds, videos };
  } finally {
    database.close();
  }
}
