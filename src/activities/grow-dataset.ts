import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/index.js';
import { readJsonLines, writeFileAtomic } from '../common/files.js';
import type { SelectedFrame } from '../common/types.js';
import { cleanFrames, mergeIntoDataset, type AnnotatedFrame } from '../dataset/index.js';
import { classNames } from './class-names.js';
import { readAnnotations } from './download-labels.js';
import { withHeartbeat } from './heartbeat.js';
import { readPreLabels } from './pre-labels.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import type { AnnotationTask, CleanResult, DatasetResult } from './types.js';

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

/** Adds the cleaned frames to the dataset. */
export async function mergeDataset(resources: Resources, { round }: AnnotationTask): Promise<DatasetResult> {
  const plan = await readRoundFile(round.folder);
  const { kept } = JSON.parse(await readFile(roundFiles.cleaned(round.folder), 'utf8')) as { kept: AnnotatedFrame[] };
  const { dataset, paths } = plan.config;
  return withHeartbeat(async (signal) => {
    const merged = await mergeIntoDataset({
      folder: paths.dataset,
      names: classNames(plan, await readAnnotations(round.folder)),
      frames: kept,
      split: dataset.split,
      signal,
    });
    const mine = new Set(kept.map(({ frameId }) => frameId));
    const manifest = await readJsonLines<{ frameId: string; split: string }>(
      path.join(paths.dataset, 'manifest.jsonl'),
    );
    const catalog = await resources.catalog(paths.data);
    await catalog.recordSplit(manifest.filter(({ frameId }) => mine.has(frameId)));
    const { version, added, replaced, total, bySplit, boxes } = merged;
    return { folder: paths.dataset, version, added, replaced, frames: total, boxes, bySplit };
  });
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
  for (const { detections: _all, score, reason, arm, ptsSeconds, modelSha256, ...frame } of selection) {
    const review = reviews.get(frame.frameId);
    if (!review) continue;
    const { videoKey } = frame;
    if (!videos.has(videoKey)) videos.set(videoKey, await catalog.video(videoKey));
    const video = videos.get(videoKey);
    const { blind = false, detections = [] } = preLabels.get(frame.frameId) ?? {};
    frames.push({
      ...frame,
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
        modelSha256,
        score,
        reason,
        arm,
        ptsSeconds,
        ...(blind && { blind }),
      },
    });
  }
  return frames;
}
