import { writeFileAtomic } from '../common/files.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles } from './round-file.js';
import { count } from './telemetry.js';
import type { RoundReference, RoundResult } from './types.js';

/** A video that could not be processed: with a permanent cause it is not tried again, else the next round takes it. */
export async function failVideo(
  resources: Resources,
  request: { round: RoundReference; videoKey: string; failure: string; permanent: boolean },
): Promise<void> {
  const { config } = await readRoundFile(request.round.folder);
  const catalog = await resources.catalog(config.paths.data);
  await catalog.failVideo(request.videoKey, request.failure, request.permanent);
  count('videos', 1, { outcome: request.permanent ? 'failed' : 'released' });
}

/**
 * Writes down how the round ended. `harvested` is the round whose labels came home, or whose task turned out to be
 * deleted: it may be an earlier one, and nobody waits for its task any more.
 */
export async function finishRound(
  resources: Resources,
  { round, result, harvested }: { round: RoundReference; result: RoundResult; harvested?: RoundReference },
): Promise<void> {
  const { config } = await readRoundFile(round.folder);
  const catalog = await resources.catalog(config.paths.data);
  await writeFileAtomic(roundFiles.result(round.folder), `${JSON.stringify(result, null, 2)}\n`);
  await catalog.releaseUnprocessed(round.roundId);
  const endedAt = new Date().toISOString();
  const uploadedOnly = result.task !== undefined && !config.steps.download_labels.enabled;
  const state = result.state !== 'finished' ? 'failed' : uploadedOnly ? 'uploaded' : 'finished';
  const known = await catalog.round(round.roundId);
  await catalog.updateRound(round.roundId, { state, counts: result, endedAt });
  // A round that trained a model writes its result a second time.
  if (known?.endedAt == null) count('rounds', 1, { state: result.state === 'finished' ? state : result.state });
  if (harvested && result.state === 'task_deleted') {
    await catalog.updateRound(harvested.roundId, { taskId: null });
  } else if (harvested && harvested.roundId !== round.roundId) {
    await catalog.updateRound(harvested.roundId, { state: 'finished', endedAt });
  }
}

/** Gives back what a cancelled or failed round had claimed. The annotation task, if there is one, is left alone. */
export async function releaseRound(
  resources: Resources,
  { round, state }: { round: RoundReference; state: 'cancelled' | 'failed' },
): Promise<{ videos: number }> {
  const { config } = await readRoundFile(round.folder);
  const catalog = await resources.catalog(config.paths.data);
  const videos = await catalog.releaseRound(round.roundId);
  await catalog.updateRound(round.roundId, { state, endedAt: new Date().toISOString() });
  count('rounds', 1, { state });
  return { videos };
}
