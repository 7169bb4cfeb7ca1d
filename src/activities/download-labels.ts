import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  annotationsFromExport,
  downloadAnnotations,
  exportLabels,
  readTaskProgress,
  type CvatClient,
  type DownloadedAnnotations,
  type PlannedPreLabels,
} from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import { readJsonLines, writeFileAtomic } from '../common/files.js';
import type { ReviewedFrame, SelectedFrame } from '../common/types.js';
import { compareWithPreLabels } from '../dataset/index.js';
import { classesByLabel } from './class-names.js';
import { withHeartbeat } from './heartbeat.js';
import { readPreLabels } from './pre-labels.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import { count, observeAnnotation } from './telemetry.js';
import type { BoxChanges, DownloadOutcome, DownloadRequest, DownloadResult } from './types.js';

/**
 * Fetches what people made of the frames, as JSON for the dataset and as a zip in `annotations_format` for whoever wants
 * it, and counts what they did to the model's boxes.
 *
 * A task counts as complete after two equal readings, `cvat.settle` apart at least. The download stands between the two:
 * so it starts at once, and what it brings is what the task holds, since nobody changed it meanwhile. A task that was
 * reopened is waited for again.
 */
export async function downloadLabels(
  resources: Resources,
  { round, taskId, finishedOnly }: DownloadRequest,
): Promise<DownloadOutcome> {
  const plan = await readRoundFile(round.folder);
  const { cvat, paths } = plan.config;
  const client = await resources.cvat(paths.data);
  const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
  return withHeartbeat(async (signal) => {
    const read = () => readTaskProgress(client, taskId, cvat.complete_when, signal);
    for (;;) {
      const [before, readAt] = [await read(), Date.now()];
      if (before.state === 'deleted') return { changed: 'deleted' };
      if (before.state === 'open' && !finishedOnly) return { changed: 'reopened' };
      let annotations: DownloadedAnnotations;
      try {
        annotations = await fetchAnnotations(client, plan, { taskId, folder: round.folder, selection }, signal);
      } catch (error) {
        if ((await read()).state !== 'deleted') throw error;
        return { changed: 'deleted' };
      }
      if (!finishedOnly) {
        await delay(Math.max(0, readAt + cvat.settle * 1000 - Date.now()), undefined, { signal });
        if ((await read()).fingerprint !== before.fingerprint) continue;
      }
      const { frames, warnings } = annotations;
      await writeFileAtomic(roundFiles.annotations(round.folder), `${JSON.stringify(frames, null, 1)}\n`);
      await (await resources.catalog(paths.data)).frames.recordReview(frames);
      await countReview(round.folder, frames, finishedOnly);
      return describeDownload(frames, warnings, await readPreLabels(round.folder, selection));
    }
  });
}

/** The pre-labels are the last thing that a task gets: people could begin when they were written. */
async function countReview(folder: string, frames: readonly ReviewedFrame[], partly?: boolean): Promise<void> {
  if (partly) return; // they come again with the rest
  count('frames', frames.filter(({ state }) => state !== 'not_reviewed').length, { outcome: 'reviewed' });
  if (!existsSync(roundFiles.preLabels(folder))) return;
  observeAnnotation((Date.now() - (await stat(roundFiles.preLabels(folder))).mtimeMs) / 1000);
}

/** The boxes by the way that the configuration says. The zip stays beside them. */
async function fetchAnnotations(
  client: CvatClient,
  { config, project }: RoundFile,
  { taskId, folder, selection }: { taskId: number; folder: string; selection: readonly SelectedFrame[] },
  signal: AbortSignal,
): Promise<DownloadedAnnotations> {
  const { annotations_format: format, download, labels, shapes } = config.cvat;
  const request = {
    frameIds: selection.map(({ frameId }) => frameId),
    rule: config.cvat.complete_when,
    plannedLabels: project?.labels,
    classOf: classesByLabel(labels),
    shapesToBoxes: shapes === 'to_boxes',
  };
  const toFile = roundFiles.labels(folder);
  if (download === 'export') {
    const exported = await exportLabels(client, taskId, { format, toFile }, signal);
    return annotationsFromExport(client, taskId, { ...request, ...exported }, signal);
  }
  const annotations = await downloadAnnotations(client, taskId, request, signal);
  try {
    await exportLabels(client, taskId, { format, toFile }, signal);
  } catch (error) {
    // The labels themselves are here already; the zip is a convenience, and the result says that it is missing.
    if (!(error instanceof PipelineError) || error.retryable) throw error;
    annotations.warnings.push(`No ${format} zip: ${error.message}`);
  }
  return annotations;
}

/** Reads what {@link downloadLabels} wrote. */
export async function readAnnotations(folder: string): Promise<ReviewedFrame[]> {
  return JSON.parse(await readFile(roundFiles.annotations(folder), 'utf8')) as ReviewedFrame[];
}

function describeDownload(
  frames: readonly ReviewedFrame[],
  warnings: string[],
  preLabels: ReadonlyMap<string, PlannedPreLabels>,
): DownloadResult {
  const inState = (state: ReviewedFrame['state']) => frames.filter((frame) => frame.state === state).length;
  const seen = frames.filter(({ state }) => state !== 'not_reviewed');
  const blind = seen.filter(({ frameId }) => preLabels.get(frameId)?.blind);
  const shown = seen.filter(({ frameId }) => !preLabels.get(frameId)?.blind);
  return {
    reviewed: inState('reviewed'),
    empty: inState('empty'),
    notReviewed: inState('not_reviewed'),
    boxes: frames.reduce((sum, { boxes }) => sum + boxes.length, 0),
    changes: countChanges(shown, preLabels),
    ...(blind.length > 0 && { blind: { frames: blind.length, changes: countChanges(blind, preLabels) } }),
    warnings,
  };
}

function countChanges(frames: readonly ReviewedFrame[], preLabels: ReadonlyMap<string, PlannedPreLabels>): BoxChanges {
  const total: BoxChanges = { kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0 };
  for (const { frameId, boxes } of frames) {
    const change = compareWithPreLabels(preLabels.get(frameId)?.detections ?? [], boxes);
    for (const key of Object.keys(total) as (keyof BoxChanges)[]) total[key] += change[key];
  }
  return total;
}
