import type { Catalog } from '../catalog/index.js';
import { systemErrorCode } from '../common/errors.js';
import { readJsonLines } from '../common/files.js';
import type { ReviewedFrame, SelectedFrame } from '../common/types.js';
import type { Experience } from '../selection/index.js';
import { readAnnotations } from './download-labels.js';
import { roundFiles } from './round-file.js';
import type { RoundReference } from './types.js';

/** More than anybody will have; the catalog asks for a limit. */
const EVERY_ROUND = 1_000_000;

/** A round whose labels came home: what was sent, and what people made of it. */
export interface ReviewedRound {
  roundId: string;
  folder: string;
  startedAt: string;
  frames: { selected: SelectedFrame; review?: ReviewedFrame }[];
}

/** Every round that sent frames to people, oldest first; those without labels yet have frames without review. */
export async function readRounds(catalog: Catalog): Promise<ReviewedRound[]> {
  const rows = await catalog.rounds(EVERY_ROUND);
  const rounds: ReviewedRound[] = [];
  for (const { id, folder, startedAt } of rows.reverse()) {
    const selection = await ifThere(readJsonLines<SelectedFrame>(roundFiles.selection(folder)));
    if (!selection) continue;
    const annotations = (await ifThere(readAnnotations(folder))) ?? [];
    const reviews = new Map(annotations.map((frame) => [frame.frameId, frame]));
    const frames = selection.map((selected) => ({ selected, review: reviews.get(selected.frameId) }));
    rounds.push({ roundId: id, folder, startedAt, frames });
  }
  return rounds;
}

/**
 * What earlier rounds tell the selection: the frames that people saw or will see, and the corrections of the model in
 * use; those of other models where there are none, since the classes that one model found hard are a fair guess.
 * Embeddings of another model cannot be compared and are left out.
 */
export async function readExperience(
  catalog: Catalog,
  round: RoundReference,
  modelSha256: string | undefined,
): Promise<Experience> {
  const embeddings = new Map<string, number[]>();
  const corrected: { modelSha256: string; frame: Experience['corrected'][number] }[] = [];
  for (const { roundId, frames } of await readRounds(catalog)) {
    if (roundId === round.roundId) continue;
    for (const { selected, review } of frames) {
      if (selected.embedding && selected.modelSha256 === modelSha256) {
        embeddings.set(selected.frameId, selected.embedding);
      }
      if (!review || review.state === 'not_reviewed') continue;
      const frame = { detections: selected.detections, truth: review.boxes };
      corrected.push({ modelSha256: selected.modelSha256, frame });
    }
  }
  const ofThisModel = corrected.filter((each) => each.modelSha256 === modelSha256);
  const labelled = await catalog.frames.labelledFrames(round.roundId);
  return {
    labelled: labelled.map((frame) => ({ ...frame, embedding: embeddings.get(frame.frameId) })),
    corrected: (ofThisModel.length > 0 ? ofThisModel : corrected).map(({ frame }) => frame),
  };
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
