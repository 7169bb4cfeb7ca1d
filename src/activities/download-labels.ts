import { readFile } from 'node:fs/promises';
import { downloadAnnotations, exportLabels } from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import { readJsonLines, writeFileAtomic } from '../common/files.js';
import type { ReviewedFrame, SelectedFrame } from '../common/types.js';
import { compareWithPreLabels } from '../dataset/index.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles } from './round-file.js';
import type { AnnotationTask, BoxChanges, DownloadResult } from './types.js';

/**
 * Fetches what people made of the frames, as JSON for the dataset and as a zip in `annotations_format` for whoever wants
 * it, and counts what they did to the model's boxes.
 */
export async function downloadLabels(resources: Resources, { round, taskId }: AnnotationTask): Promise<DownloadResult> {
  const { config } = await readRoundFile(round.folder);
  const client = await resources.cvat(config.paths.data);
  const catalog = await resources.catalog(config.paths.data);
  return withHeartbeat(async (signal) => {
    const { frames, warnings } = await downloadAnnotations(client, taskId, signal);
    try {
      const request = { format: config.cvat.annotations_format, toFile: roundFiles.labels(round.folder) };
      await exportLabels(client, taskId, request, signal);
    } catch (error) {
      // The labels themselves are here already; the zip is a convenience, and the result says that it is missing.
      if (!(error instanceof PipelineError) || error.retryable) throw error;
      warnings.push(`No ${config.cvat.annotations_format} zip: ${error.message}`);
    }
    await writeFileAtomic(roundFiles.annotations(round.folder), `${JSON.stringify(frames, null, 1)}\n`);
    await catalog.recordReview(frames);
    const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
    const count = (state: ReviewedFrame['state']) => frames.filter((frame) => frame.state === state).length;
    return {
      reviewed: count('reviewed'),
      empty: count('empty'),
      notReviewed: count('not_reviewed'),
      boxes: frames.reduce((sum, { boxes }) => sum + boxes.length, 0),
      changes: countChanges(frames, selection),
      warnings,
    };
  });
}

/** Reads what {@link downloadLabels} wrote. */
export async function readAnnotations(folder: string): Promise<ReviewedFrame[]> {
  return JSON.parse(await readFile(roundFiles.annotations(folder), 'utf8')) as ReviewedFrame[];
}

function countChanges(frames: readonly ReviewedFrame[], selection: readonly SelectedFrame[]): BoxChanges {
  const preLabels = new Map(selection.map(({ frameId, detections }) => [frameId, detections]));
  const total: BoxChanges = { kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0 };
  for (const { frameId, state, boxes } of frames) {
    if (state === 'not_reviewed') continue;
    const change = compareWithPreLabels(preLabels.get(frameId) ?? [], boxes);
    for (const key of Object.keys(total) as (keyof BoxChanges)[]) total[key] += change[key];
  }
  return total;
}
