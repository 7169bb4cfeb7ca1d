import path from 'node:path';
import { planPreLabels, type PlannedPreLabels } from '../annotation/index.js';
import { readJsonLines } from '../common/files.js';
import { systemErrorCode } from '../common/errors.js';
import type { SelectedFrame } from '../common/types.js';
import { roundFiles, type RoundFile } from './round-file.js';

/** Which of the model's boxes people see in each selected frame, by the configuration of the round. */
export function preLabelsOf({ config }: RoundFile, selection: readonly SelectedFrame[]): PlannedPreLabels[] {
  const { thresholds, blind, prelabels } = config.cvat;
  return planPreLabels(selection, { thresholds, blindShare: prelabels === 'none' ? 1 : blind });
}

/** What was decided when the boxes were sent. A round of an older release sent all of them and wrote nothing down. */
export async function readPreLabels(
  folder: string,
  selection: readonly SelectedFrame[],
): Promise<Map<string, PlannedPreLabels>> {
  let planned: PlannedPreLabels[];
  try {
    planned = await readJsonLines<PlannedPreLabels>(roundFiles.preLabels(folder));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    planned = selection.map(({ frameId, detections }) => ({ frameId, blind: false, detections }));
  }
  return new Map(planned.map((frame) => [frame.frameId, frame]));
}

/** The name under which the annotation server has a frame. */
export function frameName({ file }: Pick<SelectedFrame, 'file'>): string {
  return path.basename(file);
}
