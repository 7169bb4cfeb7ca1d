import { activityInfo } from '@temporalio/activity';
import { mapLabels, putPreLabels, uploadTask, type UploadTaskRequest } from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import { readJsonLines } from '../common/files.js';
import type { SelectedFrame } from '../common/types.js';
import { workflowUrl } from '../config/index.js';
import { withHeartbeat } from './heartbeat.js';
import { decidePreLabels, frameName } from './pre-labels.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import type { AnnotationTask, RoundReference, UploadResult } from './types.js';

/** Makes the annotation task of the round and fills it with the selected frames; done before, it finds it again. */
export async function uploadFrames(resources: Resources, { round }: { round: RoundReference }): Promise<UploadResult> {
  const plan = await readRoundFile(round.folder);
  const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
  const { cvat, paths } = plan.config;
  const client = await resources.cvat(paths.data);
  const catalog = await resources.catalog(paths.data);
  return withHeartbeat(async (signal, report) => {
    const { taskId, url, frames, jobs } = await uploadTask(client, {
      name: plan.taskName,
      project: projectOf(plan),
      ...inOrder(selection, cvat.order),
      segmentSize: cvat.segment_size,
      imageQuality: cvat.image_quality,
      subset: cvat.subset,
      bugTracker: linkToWorkflow(resources),
      assignees: cvat.assignees,
      journalFile: roundFiles.uploadJournal(round.folder),
      signal,
      onProgress: (done, total) => report({ uploaded: done, total }),
    });
    await catalog.updateRound(round.roundId, { taskId, taskUrl: url });
    await catalog.frames.recordUpload(round.roundId);
    return { round, taskId, taskUrl: url, frames, jobs };
  });
}

/** Frames in the order in which people shall meet them. By time is the order of their names, which the server keeps. */
function inOrder(
  selection: readonly SelectedFrame[],
  order: RoundFile['config']['cvat']['order'],
): Pick<UploadTaskRequest, 'frames' | 'order'> {
  const frames = [...selection];
  if (order === 'uncertainty') frames.sort((a, b) => b.score - a.score || (a.frameId < b.frameId ? -1 : 1));
  return {
    frames: frames.map((frame) => ({ name: frameName(frame), file: frame.file, group: frame.videoKey })),
    order: ({ time: 'name', video: 'group', uncertainty: 'given' } as const)[order],
  };
}

function linkToWorkflow({ dependencies }: Resources): string | undefined {
  const { workflowExecution, workflowNamespace } = activityInfo();
  return workflowExecution && workflowUrl(dependencies.env, workflowNamespace ?? 'default', workflowExecution);
}

/** Shows the model's boxes to the people who will correct them, and writes down which ones they see. */
export async function uploadPreLabels(
  resources: Resources,
  { round, taskId }: AnnotationTask,
): Promise<{ boxes: number }> {
  const plan = await readRoundFile(round.folder);
  const { annotations_format: preferredFormat, labels, prelabels } = plan.config.cvat;
  const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
  const planned = await decidePreLabels(plan, round.folder, selection);
  if (prelabels === 'none') return { boxes: 0 };
  const names = new Map(selection.map((frame) => [frame.frameId, frameName(frame)]));
  const frames = planned.flatMap(({ frameId, blind, detections }) =>
    blind ? [] : [{ name: names.get(frameId)!, detections }],
  );
  const classes = [...new Set(frames.flatMap(({ detections }) => detections.map(({ label }) => label)))];
  const client = await resources.cvat(plan.config.paths.data);
  return withHeartbeat(async (signal) => {
    const request = {
      frames,
      labelIds: mapLabels(projectOf(plan), classes, labels),
      ...(prelabels === 'yolo_zip' && { yoloZip: { preferredFormat } }),
    };
    const { boxes } = await putPreLabels(client, taskId, request, signal);
    return { boxes };
  });
}

function projectOf(plan: RoundFile): NonNullable<RoundFile['project']> {
  if (plan.project) return plan.project;
  throw new PipelineError('ROUND_FILE_MISSING', `Round ${plan.roundId} was planned without an annotation project.`, {
    hint: 'Start a new round.',
  });
}
