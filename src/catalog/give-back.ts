import { sql, type Transaction } from 'kysely';
import type { Database, FrameState } from './schema.js';

/**
 * Frees the frames of a round that are in one of these states and not in the dataset, and then its videos of which no
 * frame is with people or in the dataset. Returns how many of each.
 */
export async function giveBack(
  trx: Transaction<Database>,
  roundId: string,
  states: readonly FrameState[],
): Promise<{ videos: number; frames: number }> {
  const { numUpdatedRows: frames } = await trx
    .updateTable('frames')
    .set({ state: 'candidate', reason: null, score: null })
    .where('roundId', '=', roundId)
    .where('state', 'in', states)
    .where('split', 'is', null)
    .executeTakeFirst();
  const { numUpdatedRows: videos } = await trx
    .updateTable('videos')
    .set({ state: 'released', claimedByRound: null })
    .where('claimedByRound', '=', roundId)
    .where('state', 'in', ['claimed', 'processed'])
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('frames')
            .select(sql`1`.as('one'))
            .whereRef('frames.videoKey', '=', 'videos.key')
            .where('frames.state', '!=', 'candidate'),
        ),
      ),
    )
    .executeTakeFirst();
  return { videos: Number(videos), frames: Number(frames) };
}
