import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Database, FrameState, RoundState, VideoState } from './schema.js';

export interface CatalogInventory {
  rounds: { id: string; folder: string; state: RoundState; ended: string; open: boolean }[];
  videos: Map<string, { state: VideoState; inOpenRound: boolean }>;
  /** By id. A frame that is not `disposable` is with people, in the dataset, or of a round that is open. */
  frames: Map<string, { state: FrameState; disposable: boolean }>;
}

/**
 * What the catalog knows of files that may go. A round is open while it runs or waits, and while its task has labels
 * that nobody fetched: a later round, or `labels pull`, may.
 *
 * What removes files does so inside of a transaction that holds the catalog's write lock: a round has to write before it
 * touches a video, so none can take one up meanwhile.
 */
export class Housekeeping {
  constructor(private readonly db: Kysely<Database>) {}

  async inventory(): Promise<CatalogInventory> {
    return this.db.transaction().execute(async (trx) => {
      const open = new Set((await openRounds(trx).execute()).map(({ id }) => id));
      const rounds = await trx.selectFrom('rounds').selectAll().orderBy('startedAt').orderBy('id').execute();
      const videos = await trx.selectFrom('videos').select(['key', 'state', 'claimedByRound']).execute();
      const frames = await trx.selectFrom('frames').select(['id', 'state', 'roundId', 'split']).execute();
      const inOpen = (roundId: string | null) => roundId !== null && open.has(roundId);
      return {
        rounds: rounds.map(({ id, folder, state, startedAt, endedAt }) => {
          return { id, folder, state, ended: endedAt ?? startedAt, open: open.has(id) };
        }),
        videos: new Map(
          videos.map(({ key, state, claimedByRound }) => [key, { state, inOpenRound: inOpen(claimedByRound) }]),
        ),
        frames: new Map(
          frames.map(({ id, state, roundId, split }) => {
            return [id, { state, disposable: state === 'candidate' && split === null && !inOpen(roundId) }];
          }),
        ),
      };
    });
  }

  /** Calls `remove` while no round can claim the video, unless one has it. Returns whether it did. */
  async removeVideo(videoKey: string, remove: () => Promise<void>): Promise<boolean> {
    return this.db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('videos')
        .set({ path: null })
        .where('key', '=', videoKey)
        .where('state', '!=', 'claimed')
        .where((eb) => eb.or([eb('claimedByRound', 'is', null), eb('claimedByRound', 'not in', openRounds(trx))]))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await remove();
      return true;
    });
  }

  /**
   * Forgets the candidates among these frames of a video and then calls `remove` with those that the catalog knows
   * nothing of (any more). In two steps, the forgetting first: what dies between them leaves files without an entry, which the
   * next call removes, but no entry without its file.
   */
  async removeCandidates(
    videoKey: string,
    frameIds: readonly string[],
    remove: (frameIds: string[]) => Promise<void>,
  ): Promise<void> {
    const isClaimed = (db: Kysely<Database>) =>
      db.selectFrom('videos').select('key').where('key', '=', videoKey).where('state', '=', 'claimed');
    await this.db.transaction().execute(async (trx) => {
      for (const ids of inParts(frameIds)) {
        await trx
          .deleteFrom('frames')
          .where('id', 'in', ids)
          .where('state', '=', 'candidate')
          .where('split', 'is', null)
          .where('roundId', 'not in', openRounds(trx))
          .where((eb) => eb.not(eb.exists(isClaimed(trx))))
          .execute();
      }
    });
    await this.db.transaction().execute(async (trx) => {
      // Changes nothing: it takes the write lock before anything is read.
      await trx.updateTable('videos').set({ key: videoKey }).where('key', '=', videoKey).execute();
      if (await isClaimed(trx).executeTakeFirst()) return;
      for (const ids of inParts(frameIds)) {
        const known = await trx.selectFrom('frames').select('id').where('id', 'in', ids).execute();
        const kept = new Set(known.map(({ id }) => id));
        await remove(ids.filter((id) => !kept.has(id)));
      }
    });
  }

  /** Calls `remove` while nobody can change the round, unless it is open. Returns whether it did. */
  async removeRoundFiles(roundId: string, remove: () => Promise<void>): Promise<boolean> {
    return this.db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('rounds')
        .set({ id: roundId })
        .where('id', '=', roundId)
        .where('id', 'not in', openRounds(trx))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await remove();
      return true;
    });
  }

  /** How many rounds, videos, frames there are in each state, and frames on each side of the dataset. */
  async counts(): Promise<Record<'rounds' | 'videos' | 'frames' | 'dataset', Record<string, number>>> {
    const count = async (table: 'rounds' | 'videos' | 'frames') =>
      this.db
        .selectFrom(table)
        .select(['state as name', sql<number>`count(*)`.as('count')])
        .groupBy('state')
        .execute();
    const dataset = await this.db
      .selectFrom('frames')
      .select(['split as name', sql<number>`count(*)`.as('count')])
      .where('split', 'is not', null)
      .groupBy('split')
      .execute();
    const toRecord = (rows: { name: string | null; count: number }[]) =>
      Object.fromEntries(rows.map(({ name, count }) => [name ?? '', count]));
    return {
      rounds: toRecord(await count('rounds')),
      videos: toRecord(await count('videos')),
      frames: toRecord(await count('frames')),
      dataset: toRecord(dataset),
    };
  }
}

function openRounds(db: Kysely<Database>): SelectQueryBuilder<Database, 'rounds', { id: string }> {
  return db
    .selectFrom('rounds')
    .select('id')
    .where((eb) =>
      eb.or([
        eb('state', 'in', ['running', 'waiting']),
        eb.and([eb('taskId', 'is not', null), eb('state', 'in', ['uploaded', 'failed', 'cancelled'])]),
      ]),
    );
}

/** SQLite takes a limited number of values in one statement. */
function* inParts(ids: readonly string[], size = 1000): Generator<string[]> {
  for (let start = 0; start < ids.length; start += size) yield ids.slice(start, start + size);
}
