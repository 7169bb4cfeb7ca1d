import type { CvatClient, DownloadedAnnotations, DownloadRequest } from '../types.js';
import { readTaskContext } from './download.js';
import type { DrawnFrame } from './drawn.js';
import { CvatError } from './errors.js';
import { yoloLayoutOf } from './formats.js';
import { frameIdOf, toReviewedFrames } from './reviewed.js';
import { readYoloExport, toPixels } from './yolo-export.js';

/**
 * As {@link downloadAnnotations}, with the boxes from a zip that {@link exportLabels} brought home. Whether a frame was
 * reviewed is in no such file, so that still comes from the task. What is no box is not in the file either: a frame with
 * nothing else looks like an empty one.
 * Throws CVAT_FORMAT_UNKNOWN for a format that is not YOLO's, CVAT_EXPORT_UNREADABLE, CVAT_NOT_FOUND.
 */
export async function annotationsFromExport(
  client: CvatClient,
  taskId: number,
  { format, file, ...request }: DownloadRequest & { format: string; file: string },
  signal?: AbortSignal,
): Promise<DownloadedAnnotations> {
  if (yoloLayoutOf(format) === undefined) {
    throw new CvatError('CVAT_FORMAT_UNKNOWN', `Labels cannot be read from a zip in the format "${format}"`, {
      hint: 'Set cvat.annotations_format to a YOLO detection format, or cvat.download to json.',
    });
  }
  const { meta, jobs, names } = await readTaskContext(client, taskId, request, signal);
  const exported = await readYoloExport(file);
  const drawn = (meta.frames ?? []).map((frame): DrawnFrame => {
    const boxes = (exported.boxes.get(frameIdOf(frame.name)) ?? []).map((box) => {
      const name = exported.names.get(box.classId)!;
      return { label: names.byName.get(name) ?? name, ...toPixels(box, frame) };
    });
    return { boxes, leftOut: [] };
  });
  const { frames, warnings } = toReviewedFrames({ meta, jobs, drawn, frameIds: request.frameIds, rule: request.rule });
  return { frames, warnings: [...names.warnings, ...warnings] };
}
