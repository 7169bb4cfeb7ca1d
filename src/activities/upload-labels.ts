import path from 'node:path';
import { mapLabels, putPreLabels, uploadTask } from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import { readJsonLines } from '../common/files.js';
import type { SelectedFrame } from '../common/types.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import type { AnnotationTask, RoundReference, UploadResult } from './types.js';

/** Makes the annotation task of the round and fills it with the selected frames; done before, it finds it again. */
export async function uploadFrames(resources: Resources, { round }: { round: RoundReference }): Promise<UploadResult> {
  const plan = await readRoundFile(round.folder);
  const { config } = plan;
  const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
  const client = await resources.cvat(config.paths.data);
  const catalog = await resources.catalog(config.paths.data);
  return withHeartbeat(async (signal, report) => {
    const { taskId, url, frames, jobs } = await uploadTask(client, {
      name: plan.taskName,
      project: projectOf(plan),
      frames: selection.map(({ file }) => ({ name: path.basename(file), file })),
      segmentSize: config.cvat.segment_size,
      imageQuality: config.cvat.image_quality,
      signal,
      onProgress: (done, total) => report({ uploaded: done, total }),
    });
    await catalog.updateRound(round.roundId, { taskId, taskUrl: url });
    await catalog.recordUpload(round.roundId);
    return { round, taskId, taskUrl: url, frames, jobs };
  });
}

/** Shows the model's boxes to the people who will correct them. */
export async function uploadPreLabels(
  resources: Resources,
  { round, taskId }: AnnotationTask,
): Promise<{ boxes: number }> {
  const plan = await readRoundFile(round.folder);
  if (plan.config.cvat.prelabels === 'none') return { boxes: 0 };
  const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
  const labels = [...new Set(selection.flatMap(({ detections }) => detections.map(({ label }) => label)))];
  const client = await resources.cvat(plan.config.paths.data);
  return withHeartbeat(async (signal) => {
    const frames = selection.map(({ file, detections }) => ({ name: path.basename(file), detections }));
    const { boxes } = await putPreLabels(
      client,
      taskId,
      { frames, labelIds: mapLabels(projectOf(plan), labels) },
      signal,
    );
    return { boxes };
  });
}

function projectOf(plan: RoundFile): NonNullable<RoundFile['project']> {
  if (plan.project) return plan.project;
  throw new PipelineError('ROUND_FILE_MISSING', `Round ${plan.roundId} was planned without an annotation project.`, {
    hint: 'Start a new round.',
  });
}
