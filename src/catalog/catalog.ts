import { sql, type Kysely, type Selectable } from 'kysely';
import { Frames } from './frames.js';
import { giveBack } from './give-back.js';
import { Housekeeping } from './housekeeping.js';
import type { Database, RoundsTable, RoundState, VideosTable } from './schema.js';

export type RoundRow = Selectable<RoundsTable>;
export type VideoRow = Selectable<VideosTable>;

/** What is known of a video before it is claimed. */
export interface VideoDescription {
  videoKey: string;
  source: string;
  url?: string;
  title?: string;
  channel?: string;
  licence?: string;
  query?: string;
  durationSeconds?: number;
  siteId?: string;
  /** `yyyymmdd` */
  uploadDate?: string;
  file?: string;
}

/** The memory of the pipeline: which videos, frames and rounds there were and what became of them. */
export class Catalog {
  /** What may be removed, and what is counted. */
  readonly housekeeping: Housekeeping;
  readonly frames: Frames;

  constructor(private readonly db: Kysely<Database>) {
    this.housekeeping = new Housekeeping(db);
    this.frames = new Frames(db);
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }

  /**
   * The round of this workflow run; made on the first call. A workflow id that was used before by another run gets the
   * run's own suffix, so that two rounds never share files.
   */
  async ensureRound(round: {
    workflowId: string;
    runId: string;
    folderOf: (roundId: string) => string;
    startedAt: string;
  }): Promise<RoundRow> {
    return this.db.transaction().execute(async (trx) => {
      const mine = await trx.selectFrom('rounds').selectAll().where('runId', '=', round.runId).executeTakeFirst();
      if (mine) return mine;
      const base = round.workflowId.replace(/[^\w.-]+/g, '_').slice(0, 100);
      const taken = await trx.selectFrom('rounds').select('id').where('id', '=', base).executeTakeFirst();
      const id = taken ? `${base}-${round.runId.slice(0, 8)}` : base;
      return trx
        .insertInto('rounds')
        .values({
          id,
          workflowId: round.workflowId,
          runId: round.runId,
          state: 'running',
          folder: round.folderOf(id),
          counts: '{}',
          startedAt: round.startedAt,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
  }

  async updateRound(
    roundId: string,
    change: Partial<Pick<RoundRow, 'state' | 'taskId' | 'taskUrl' | 'modelSha256' | 'endedAt'>> & { counts?: object },
  ): Promise<void> {
    const { counts, ...rest } = change;
    await this.db
      .updateTable('rounds')
      .set({ ...rest, ...(counts ? { counts: JSON.stringify(counts) } : {}) })
      .where('id', '=', roundId)
      .execute();
  }

  /** Newest first. */
  async rounds(limit = 50): Promise<RoundRow[]> {
    return this.db.selectFrom('rounds').selectAll().orderBy('startedAt', 'desc').orderBy('id').limit(limit).execute();
  }

  async round(roundId: string): Promise<RoundRow | undefined> {
    return this.db.selectFrom('rounds').selectAll().where('id', '=', roundId).executeTakeFirst();
  }

  async hasRoundOf(workflowId: string): Promise<boolean> {
    const row = await this.db.selectFrom('rounds').select('id').where('workflowId', '=', workflowId).executeTakeFirst();
    return row !== undefined;
  }

  /** Leaves out those that were skipped, as a schedule has them while people are busy. */
  async newestRound(options: { withTask?: boolean } = {}): Promise<RoundRow | undefined> {
    return this.db
      .selectFrom('rounds')
      .selectAll()
      .where('state', '!=', 'skipped')
      .$if(options.withTask === true, (query) => query.where('taskId', 'is not', null))
      .orderBy('startedAt', 'desc')
      .executeTakeFirst();
  }

  /** Rounds whose task was filled and whose labels nobody fetched (the step was off, or they ended before), oldest first. */
  async unharvestedRounds(): Promise<RoundRow[]> {
    return this.db
      .selectFrom('rounds')
      .selectAll()
      .where('taskId', 'is not', null)
      .where('state', 'in', ['uploaded', 'failed', 'cancelled'])
      .orderBy('startedAt')
      .execute();
  }

  /** Oldest first. */
  async roundsInState(state: RoundState): Promise<RoundRow[]> {
    return this.db.selectFrom('rounds').selectAll().where('state', '=', state).orderBy('startedAt').execute();
  }

  /** Whether a round should take this video at all: unknown ones and those that were given back. */
  async isKnown(videoKey: string): Promise<boolean> {
    const row = await this.db.selectFrom('videos').select('state').where('key', '=', videoKey).executeTakeFirst();
    return row !== undefined && row.state !== 'released';
  }

  async video(videoKey: string): Promise<VideoRow | undefined> {
    return this.db.selectFrom('videos').selectAll().where('key', '=', videoKey).executeTakeFirst();
  }

  /** Claims a video for a round: true when the round now has it (also when it had it before). Atomic across processes. */
  async claimVideo(roundId: string, video: VideoDescription): Promise<boolean> {
    return this.db.transaction().execute(async (trx) => {
      await trx
        .insertInto('videos')
        .values({
          key: video.videoKey,
          source: video.source,
          url: video.url ?? null,
          title: video.title ?? null,
          channel: video.channel ?? null,
          licence: video.licence ?? null,
          query: video.query ?? null,
          durationSeconds: video.durationSeconds ?? null,
          siteId: video.siteId ?? null,
          uploadDate: video.uploadDate ?? null,
          path: video.file ?? null,
          state: 'released',
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await trx
        .updateTable('videos')
        .set({ state: 'claimed', claimedByRound: roundId, failure: null, ...(video.file ? { path: video.file } : {}) })
        .where('key', '=', video.videoKey)
        .where('state', '=', 'released')
        .execute();
      const row = await trx
        .selectFrom('videos')
        .select(['state', 'claimedByRound'])
        .where('key', '=', video.videoKey)
        .executeTakeFirstOrThrow();
      return row.claimedByRound === roundId && row.state === 'claimed';
    });
  }

  /** What the download learned about a video. */
  async describeVideo(video: Omit<VideoDescription, 'source'>): Promise<void> {
    const { videoKey, file, ...facts } = video;
    const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
    await this.db
      .updateTable('videos')
      .set({ ...known, ...(file ? { path: file } : {}) })
      .where('key', '=', videoKey)
      .execute();
  }

  /**
   * Notes what is in a video's file. Returns the key of another video with the same content, and then leaves this one
   * without: of two that ask at the same time one is first. A video that was given back has no claim to its content.
   */
  async claimContent(videoKey: string, sha256: string): Promise<string | undefined> {
    return this.db.transaction().execute(async (trx) => {
      await trx
        .updateTable('videos')
        .set({ sha256: null })
        .where('sha256', '=', sha256)
        .where('state', '=', 'released')
        .where('key', '!=', videoKey)
        .execute();
      const owner = await trx.selectFrom('videos').select('key').where('sha256', '=', sha256).executeTakeFirst();
      if (owner !== undefined) return owner.key === videoKey ? undefined : owner.key;
      await trx.updateTable('videos').set({ sha256 }).where('key', '=', videoKey).execute();
      return undefined;
    });
  }

  /** What was in a local file when it was read, if it has not changed since. */
  async sha256Of(state: { file: string; sizeBytes: number; modifiedMs: number }): Promise<string | undefined> {
    const row = await this.db
      .selectFrom('files')
      .select('sha256')
      .where('path', '=', state.file)
      .where('sizeBytes', '=', state.sizeBytes)
      .where('modifiedMs', '=', state.modifiedMs)
      .executeTakeFirst();
    return row?.sha256;
  }

  async remember(
    { file, sizeBytes, modifiedMs }: { file: string; sizeBytes: number; modifiedMs: number },
    sha256: string,
  ): Promise<void> {
    const state = { sizeBytes, modifiedMs, sha256 };
    await this.db
      .insertInto('files')
      .values({ path: file, ...state })
      .onConflict((conflict) => conflict.column('path').doUpdateSet(state))
      .execute();
  }

  /** A video that will not be tried again, and why. */
  async failVideo(videoKey: string, failure: string, permanent: boolean): Promise<void> {
    await this.db
      .updateTable('videos')
      .set({ state: permanent ? 'failed' : 'released', failure, ...(permanent ? {} : { claimedByRound: null }) })
      .where('key', '=', videoKey)
      .execute();
  }

  /**
   * Gives back what a cancelled or failed round claimed: its videos, unless frames of theirs are with people already, and
   * the marks on its frames. Returns the number of videos given back.
   */
  async releaseRound(roundId: string): Promise<number> {
    return this.db.transaction().execute(async (trx) => (await giveBack(trx, roundId, ['selected'])).videos);
  }

  /**
   * For a round whose workflow is gone: gives back what it held and calls it failed, unless it has said meanwhile how it
   * ended. Returns the number of videos given back; undefined where it was left as it is.
   */
  async abandonRound(roundId: string): Promise<number | undefined> {
    return this.db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('rounds')
        .set({ state: 'failed', endedAt: now() })
        .where('id', '=', roundId)
        .where('state', 'in', ['running', 'waiting'])
        .executeTakeFirst();
      return numUpdatedRows === 0n ? undefined : (await giveBack(trx, roundId, ['selected'])).videos;
    });
  }

  /**
   * Gives back what {@link releaseRound} leaves with people, too, and forgets the task: nobody fetches its labels any
   * more. What of them is in the dataset already stays there.
   */
  async giveUpTask(roundId: string): Promise<{ videos: number; frames: number }> {
    return this.db.transaction().execute(async (trx) => {
      const released = await giveBack(trx, roundId, ['selected', 'uploaded', 'not_reviewed']);
      await trx
        .updateTable('rounds')
        .set((eb) => ({ taskId: null, state: 'cancelled', endedAt: eb.fn.coalesce('endedAt', eb.val(now())) }))
        .where('id', '=', roundId)
        .execute();
      return released;
    });
  }

  /** Gives back the videos that a round claimed and did not process, because the step is switched off. */
  async releaseUnprocessed(roundId: string): Promise<void> {
    await this.db
      .updateTable('videos')
      .set({ state: 'released', claimedByRound: null })
      .where('claimedByRound', '=', roundId)
      .where('state', '=', 'claimed')
      .execute();
  }

  /** How many videos and frames there are in each state. */
  async summary(): Promise<{ videos: Record<string, number>; frames: Record<string, number> }> {
    const count = async (table: 'videos' | 'frames'): Promise<Record<string, number>> => {
      const rows = await this.db
        .selectFrom(table)
        .select(['state', sql<number>`count(*)`.as('count')])
        .groupBy('state')
        .execute();
      return Object.fromEntries(rows.map((row) => [row.state, row.count]));
    };
    return { videos: await count('videos'), frames: await count('frames') };
  }
}

const now = (): string => new Date().toISOString();
