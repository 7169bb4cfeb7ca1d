import type { Kysely } from 'kysely';
import type { Candidate, ReviewState, SelectedFrame } from '../common/types.js';
import type { Database } from './schema.js';

/** SQLite takes at most 32,766 values in one statement; a frame has 12. */
const framesPerInsert = 500;

/** The frames: from sampled to what people made of them. */
export class Frames {
  constructor(private readonly db: Kysely<Database>) {}

  /**
   * Records a video's candidates; a frame that is known keeps its state. The duration is of the file, in seconds.
   * A step may notice only later that its round was cancelled: what the round has given back by then stays so.
   */
  async recordCandidates(
    roundId: string,
    videoKey: string,
    candidates: readonly Candidate[],
    durationSeconds?: number,
  ): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      const video = await trx
        .selectFrom('videos')
        .select('claimedByRound')
        .where('key', '=', videoKey)
        .executeTakeFirst();
      if (video !== undefined && video.claimedByRound !== roundId) return;
      for (let start = 0; start < candidates.length; start += framesPerInsert) {
        await trx
          .insertInto('frames')
          .values(
            candidates.slice(start, start + framesPerInsert).map((frame) => ({
              id: frame.frameId,
              videoKey,
              ptsMs: Math.round(frame.ptsSeconds * 1000),
              width: frame.width,
              height: frame.height,
              sha256: frame.sha256,
              hash: frame.perceptualHash,
              roundId,
              state: 'candidate' as const,
            })),
          )
          .onConflict((conflict) =>
            conflict
              .column('id')
              .doUpdateSet((eb) => ({ roundId: eb.ref('excluded.roundId') }))
              .where('frames.state', '=', 'candidate'),
          )
          .execute();
      }
      await trx
        .updateTable('videos')
        .set({ state: 'processed', ...(durationSeconds !== undefined && { durationSeconds }) })
        .where('key', '=', videoKey)
        .execute();
    });
  }

  /** The frames of earlier rounds that people saw or will see: never sent again, and what is new must differ from them. */
  async labelledFrames(exceptRound: string): Promise<{ frameId: string; perceptualHash: string }[]> {
    return this.db
      .selectFrom('frames')
      .select(['id as frameId', 'hash as perceptualHash'])
      .where('state', '!=', 'candidate')
      .where('roundId', '!=', exceptRound)
      .orderBy('id')
      .execute();
  }

  /** Candidate frames of rounds that ended, by the round that made them. */
  async leftCandidates(): Promise<{ frameId: string; roundId: string }[]> {
    return this.db
      .selectFrom('frames')
      .innerJoin('rounds', 'rounds.id', 'frames.roundId')
      .select(['frames.id as frameId', 'frames.roundId'])
      .where('frames.state', '=', 'candidate')
      .where('rounds.state', '!=', 'running')
      .orderBy('frames.id')
      .execute();
  }

  /** Marks the frames that go to people; they belong to `roundId` from now on. */
  async recordSelection(roundId: string, selected: readonly SelectedFrame[]): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      for (const frame of selected) {
        await trx
          .updateTable('frames')
          .set({ state: 'selected', reason: frame.reason, score: frame.score, roundId })
          .where('id', '=', frame.frameId)
          .where('state', 'in', ['candidate', 'selected'])
          .execute();
      }
    });
  }

  async recordUpload(roundId: string): Promise<void> {
    await this.db
      .updateTable('frames')
      .set({ state: 'uploaded' })
      .where('roundId', '=', roundId)
      .where('state', '=', 'selected')
      .execute();
  }

  async recordReview(frames: readonly { frameId: string; state: ReviewState }[]): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      for (const { frameId, state } of frames) {
        await trx.updateTable('frames').set({ state }).where('id', '=', frameId).execute();
      }
    });
  }

  /** On which side of the dataset the frames are. */
  async recordSplit(frames: readonly { frameId: string; split: string }[]): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      for (const { frameId, split } of frames) {
        await trx.updateTable('frames').set({ split }).where('id', '=', frameId).execute();
      }
    });
  }
}
