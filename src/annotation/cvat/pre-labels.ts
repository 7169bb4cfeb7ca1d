import type { CvatClient, PreLabelRequest, PreLabelResult } from '../types.js';
import { CvatError } from './errors.js';
import { isUntouched } from './settle.js';
import { annotationJobs, readDataMeta } from './tasks.js';
import type { WireAnnotations, WireShape } from './wire.js';

/**
 * Shows the model's boxes to the annotators: as rectangles with their confidence, of source `auto`. Read back and
 * compared, because CVAT drops without a word what it cannot place. Safe to call again: boxes that are there already
 * are not written twice, and a task that people have begun to work on is left as it is.
 *
 * Throws CVAT_PRELABELS_LOST, CVAT_TASK_NOT_READY (no frames yet), CVAT_FRAMES_DIFFER (a frame is not in the task),
 * CVAT_LABEL_MISSING.
 */
export async function putPreLabels(
  client: CvatClient,
  taskId: number,
  request: PreLabelRequest,
  signal?: AbortSignal,
): Promise<PreLabelResult> {
  const meta = await readDataMeta(client, taskId, signal);
  if (meta.size === 0) {
    // Boxes that come before the frames are accepted, and lost.
    throw new CvatError('CVAT_TASK_NOT_READY', `CVAT task ${taskId} has no frames yet`, { retryable: true });
  }
  const frameNames = (meta.frames ?? []).map(({ name }) => name);
  const planned = toShapes(request, frameNames, taskId);
  const path = `/api/tasks/${taskId}/annotations`;

  const before = await client.json<WireAnnotations>('GET', path, { signal });
  if (before.tracks.length === 0 && isSameSet(before.shapes, planned)) return { boxes: planned.length, written: true };
  const isEmpty = before.shapes.length === 0 && before.tracks.length === 0;
  const jobs = await annotationJobs(client, taskId, signal);
  if (!isEmpty || !jobs.every(isUntouched)) return { boxes: planned.length, written: false };

  await client.json('PUT', path, { body: { version: 0, tags: [], tracks: [], shapes: planned }, signal });
  const { shapes: stored } = await client.json<WireAnnotations>('GET', path, { signal });
  if (!isSameSet(stored, planned)) {
    throw new CvatError(
      'CVAT_PRELABELS_LOST',
      `CVAT task ${taskId} holds ${stored.length} boxes after ${planned.length} were sent, or others than were sent`,
      { hint: 'Delete the task, so that the next attempt makes it anew.' },
    );
  }
  return { boxes: planned.length, written: true };
}

/** The rectangles to send; frame numbers by frame name, because the server decides the order. */
export function toShapes(
  { frames, labelIds }: PreLabelRequest,
  frameNames: readonly string[],
  taskId: number,
): WireShape[] {
  const frameNumbers = new Map(frameNames.map((name, number) => [name, number]));
  return frames.flatMap(({ name, detections }) => {
    const frame = frameNumbers.get(name);
    if (frame === undefined) throw new CvatError('CVAT_FRAMES_DIFFER', `CVAT task ${taskId} has no frame ${name}`);
    return detections.map(({ label, confidence, x1, y1, x2, y2 }) => {
      const labelId = labelIds.get(label);
      if (labelId === undefined) {
        throw new CvatError('CVAT_LABEL_MISSING', `There is no CVAT label for "${label}", found in ${name}`);
      }
      return {
        type: 'rectangle',
        frame,
        label_id: labelId,
        points: [x1, y1, x2, y2].map(toHundredths),
        occluded: false,
        outside: false,
        z_order: 0,
        rotation: 0,
        group: 0,
        source: 'auto',
        // Stored since 2.56, ignored before.
        score: confidence,
        attributes: [],
      };
    });
  });
}

/** No detector and no eye is finer than a hundredth of a pixel, and short numbers read and compare well. */
function toHundredths(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}

/** Whether both hold the same boxes, in any order. Ids and scores are the server's business. */
function isSameSet(stored: readonly WireShape[], planned: readonly WireShape[]): boolean {
  const keys = (shapes: readonly WireShape[]) => shapes.map(shapeKey).sort();
  const [a, b] = [keys(stored), keys(planned)];
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

function shapeKey({ type, frame, label_id: labelId, points, rotation, source }: WireShape): string {
  return JSON.stringify([type, frame, labelId, points.map(toHundredths), rotation ?? 0, source]);
}
