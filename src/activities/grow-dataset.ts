import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/index.js';
import { readJsonLines, writeFileAtomic } from '../common/files.js';
import type { SelectedFrame } from '../common/types.js';
import {
  cleanFrames,
  datasetStats,
  mergeIntoDataset,
  rebuildDataset,
  type AnnotatedFrame,
  type CleanFrames,
  type DatasetStats,
  type MergeResult,
} from '../dataset/index.js';
import { classNames } from './class-names.js';
import { readAnnotations } from './download-labels.js';
import { readRounds } from './experience.js';
import { withHeartbeat } from './heartbeat.js';
import { readPreLabels } from './pre-labels.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import type { AnnotationTask, CleanResult, DatasetResult, RoundReference } from './types.js';

/** Removes frames without labels (when the step is on), frames that nobody reviewed, and mends what boxes are broken. */
export async function clearEmptyLabels(resources: Resources, task: AnnotationTask): Promise<CleanResult> {
  const plan = await readRoundFile(task.round.folder);
  const catalog = await resources.catalog(plan.config.paths.data);
  const frames = await annotatedFrames(plan, task, catalog);
  const { steps, dataset } = plan.config;
  const { kept, dropped, mended } = cleanFrames(frames, {
    empty: steps.clear_empty_labels.enabled ? dataset.negatives : 'keep',
    names: classNames(plan, await readAnnotations(task.round.folder)),
  });
  await writeFileAtomic(
    roundFiles.cleaned(task.round.folder),
    `${JSON.stringify({ kept, dropped, mended }, null, 1)}\n`,
  );
  const reasons = new Map<string, number>();
  for (const { reason } of dropped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    kept: kept.length,
    dropped: [...reasons].map(([reason, count]) => ({ reason, count })),
    mendedBoxes: mended.length,
  };
}

/** What came of merging a round; beside the other files of the round. */
export interface MergeRecord {
  version: string;
  /** Frames of this round that are in the dataset now. */
  frames: number;
  refused: MergeResult['refused'];
}

/** Adds the cleaned frames to the dataset. */
export async function mergeDataset(resources: Resources, { round }: AnnotationTask): Promise<DatasetResult> {
  const plan = await readRoundFile(round.folder);
  return mergeRound(resources, plan, round);
}

async function mergeRound(
  resources: Resources,
  plan: RoundFile,
  round: RoundReference,
  folder = plan.config.paths.dataset,
): Promise<DatasetResult> {
  const { kept, dropped } = JSON.parse(await readFile(roundFiles.cleaned(round.folder), 'utf8')) as CleanFrames;
  const { dataset, paths } = plan.config;
  return withHeartbeat(async (signal) => {
    const merged = await mergeIntoDataset({
      folder,
      names: classNames(plan, await readAnnotations(round.folder)),
      frames: kept,
      // Reviewed again and not wanted any more. What nobody reviewed keeps the labels that it has.
      removed: dropped.filter(({ reason }) => reason !== 'not_reviewed').map(({ frameId }) => frameId),
      split: dataset.split,
      signal,
    });
    const mine = new Set(kept.map(({ frameId }) => frameId));
    const manifest = await readJsonLines<{ frameId: string; split: string }>(path.join(folder, 'manifest.jsonl'));
    const catalog = await resources.catalog(paths.data);
    await catalog.frames.recordSplit(manifest.filter(({ frameId }) => mine.has(frameId)));
    const { version, added, replaced, removed, refused, total, bySplit, boxes } = merged;
    const record: MergeRecord = { version, frames: kept.length - refused.length, refused };
    await writeFileAtomic(roundFiles.merged(round.folder), `${JSON.stringify(record, null, 1)}\n`);
    const counts = { added, replaced, removed, refused: refused.length, frames: total, boxes, bySplit };
    return { folder, version, ...counts };
  });
}

/**
 * Merges every round whose labels are home, oldest first, and makes anew what follows from the manifest. What is in the
 * dataset already stays as it is, so this mends a dataset or makes a lost one again.
 *
 * @throws PipelineError DATASET_NOT_FOUND where no round has brought anything home
 */
export async function buildFromRounds(
  resources: Resources,
  paths: { data: string; dataset: string },
): Promise<{ rounds: { roundId: string; added: number; replaced: number }[]; dataset: DatasetStats }> {
  const catalog = await resources.catalog(paths.data);
  const rounds = [];
  for (const { roundId, folder, frames } of await readRounds(catalog)) {
    if (!frames.some(({ review }) => review) || !existsSync(roundFiles.cleaned(folder))) continue;
    const plan = await readRoundFile(folder);
    const { added, replaced } = await mergeRound(resources, plan, { roundId, folder }, paths.dataset);
    rounds.push({ roundId, added, replaced });
  }
  await rebuildDataset(paths.dataset);
  return { rounds, dataset: await datasetStats(paths.dataset) };
}

/** The selected frames with what people made of them. A frame that the annotation server no longer has is left out. */
async function annotatedFrames(
  plan: RoundFile,
  { round, taskId }: AnnotationTask,
  catalog: Catalog,
): Promise<AnnotatedFrame[]> {
  const reviews = new Map((await readAnnotations(round.folder)).map((frame) => [frame.frameId, frame]));
  const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
  const preLabels = await readPreLabels(round.folder, selection);
  const videos = new Map<string, Awaited<ReturnType<Catalog['video']>>>();
  const frames: AnnotatedFrame[] = [];
  for (const { score, scores, reason, arm, ptsSeconds, modelSha256, ...frame } of selection) {
    const review = reviews.get(frame.frameId);
    if (!review) continue;
    const { frameId, videoKey, file, sha256, width, height, perceptualHash } = frame;
    if (!videos.has(videoKey)) videos.set(videoKey, await catalog.video(videoKey));
    const video = videos.get(videoKey);
    const { blind = false, detections = [] } = preLabels.get(frameId) ?? {};
    frames.push({
      ...{ frameId, videoKey, file, sha256, width, height, perceptualHash },
      state: review.state,
      boxes: review.boxes,
      preLabels: blind ? [] : detections,
      provenance: {
        videoKey,
        url: video?.url ?? undefined,
        title: video?.title ?? undefined,
        channel: video?.channel ?? undefined,
        licence: video?.licence ?? undefined,
        query: video?.query ?? undefined,
        round: plan.roundId,
        taskId,
        jobId: review.jobId,
        ...{ modelSha256, score, scores, reason, arm, ptsSeconds },
        ...(blind && { blind }),
      },
    });
  }
  return frames;
}
