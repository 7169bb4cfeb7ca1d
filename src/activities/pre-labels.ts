import path from 'node:path';
import { planPreLabels, type PlannedPreLabels } from '../annotation/index.js';
import { readJsonLines, toJsonLines, writeFileAtomic } from '../common/files.js';
import { systemErrorCode } from '../common/errors.js';
import type { SelectedFrame } from '../common/types.js';
import { roundFiles, type RoundFile } from './round-file.js';

/**
 * Which of the model's boxes people see in each selected frame, by the configuration of the round. Decided once and
 * written down: another attempt, be it of a newer release that draws otherwise, finds it so.
 */
export async function decidePreLabels(
  { config }: Pick<RoundFile, 'config'>,
  folder: string,
  selection: readonly SelectedFrame[],
): Promise<PlannedPreLabels[]> {
  const decided = await decidedPreLabels(folder);
  const ids = (frames: readonly { frameId: string }[]) => frames.map(({ frameId }) => frameId).join();
  if (decided && ids(decided) === ids(selection)) return decided;
  const { thresholds, blind, prelabels } = config.cvat;
  const planned = planPreLabels(selection, { thresholds, blindShare: prelabels === 'none' ? 1 : blind });
  await writeFileAtomic(roundFiles.preLabels(folder), toJsonLines(planned));
  return planned;
}

/** What was decided when the boxes were sent. A round of an older release sent all of them and wrote nothing down. */
export async function readPreLabels(
  folder: string,
  selection: readonly SelectedFrame[],
): Promise<Map<string, PlannedPreLabels>> {
  const decided = await decidedPreLabels(folder);
  const planned = decided ?? selection.map(({ frameId, detections }) => ({ frameId, blind: false, detections }));
  return new Map(planned.map((frame) => [frame.frameId, frame]));
}

async function decidedPreLabels(folder: string): Promise<PlannedPreLabels[] | undefined> {
  try {
    return await readJsonLines<PlannedPreLabels>(roundFiles.preLabels(folder));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The name under which the annotation server has a frame. */
export function frameName({ file }: Pick<SelectedFrame, 'file'>): string {
  return path.basename(file);
}
