import type { CvatClient, PreLabelRequest, PreLabelResult } from '../types.js';
import { CvatError } from './errors.js';
import { usableFormats, yoloImportFormat, yoloLayoutOf } from './formats.js';
import { importLabels } from './import.js';
import { isUntouched } from './settle.js';
import { annotationJobs, readDataMeta } from './tasks.js';
import type { WireAnnotations, WireDataMeta, WireFormats, WireLabel, WireShape } from './wire.js';
import { writeYoloZip, type YoloFrame } from './yolo-zip.js';

/**
 * Shows the model's boxes to the annotators: as rectangles with their confidence, of source `auto`, or as a YOLO zip that
 * the server reads. Read back and compared, because CVAT drops without a word what it cannot place. Safe to call again:
 * boxes that are there already are not written twice, and a task that people have begun to work on is left as it is.
 *
 * Throws CVAT_PRELABELS_LOST, CVAT_TASK_NOT_READY (no frames yet), CVAT_FRAMES_DIFFER (a frame is not in the task),
 * CVAT_LABEL_MISSING, CVAT_FORMAT_UNKNOWN and CVAT_IMPORT_FAILED (zip only).
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
  if (before.tracks.length === 0 && areSame(before.shapes, planned)) return { boxes: planned.length, written: true };
  const isEmpty = before.shapes.length === 0 && before.tracks.length === 0;
  const jobs = await annotationJobs(client, taskId, signal);
  if (!isEmpty || !jobs.every(isUntouched)) return { boxes: planned.length, written: false };

  if (request.yoloZip === undefined) {
    await client.json('PUT', path, { body: { version: 0, tags: [], tracks: [], shapes: planned }, signal });
  } else {
    await importAsZip(client, taskId, { meta, planned, preferredFormat: request.yoloZip.preferredFormat }, signal);
  }
  const { shapes: stored } = await client.json<WireAnnotations>('GET', path, { signal });
  if (!areSame(stored, planned)) {
    throw new CvatError(
      'CVAT_PRELABELS_LOST',
      `CVAT task ${taskId} holds ${stored.length} boxes after ${planned.length} were sent, or others than were sent`,
      { hint: 'Delete the task, so that the next attempt makes it anew.' },
    );
  }
  return { boxes: planned.length, written: true };
}

async function importAsZip(
  client: CvatClient,
  taskId: number,
  { meta, planned, preferredFormat }: { meta: WireDataMeta; planned: readonly WireShape[]; preferredFormat: string },
  signal?: AbortSignal,
): Promise<void> {
  const { importers } = await client.json<WireFormats>('GET', '/api/server/annotation/formats', { signal });
  const format = yoloImportFormat(preferredFormat, usableFormats(importers));
  // CVAT matches labels by their names; the file's own numbers are free.
  const labels = await client.list<WireLabel>('/api/labels', { task_id: taskId }, signal);
  const classIndex = new Map(labels.map(({ id }, index) => [id, index]));
  const frames = (meta.frames ?? []).map((frame): YoloFrame => ({ ...frame, boxes: [] }));
  for (const { frame, label_id: labelId, points } of planned) {
    const [x1, y1, x2, y2] = points as [number, number, number, number];
    frames[frame]?.boxes.push({ classIndex: classIndex.get(labelId)!, x1, y1, x2, y2 });
  }
  const zip = await writeYoloZip(
    frames.filter(({ boxes }) => boxes.length > 0),
    labels.map(({ name }) => name),
    yoloLayoutOf(format) ?? 'ultralytics',
  );
  await importLabels(client, taskId, { format, zip }, signal);
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

/** A zip carries shares of the picture: coming back they are this near (pixels) to what was sent. */
const SAME_PIXELS = 0.02;

/**
 * Whether both hold the same boxes, in any order. Ids, scores and sources are the server's business (an import changes
 * the source).
 */
function areSame(stored: readonly WireShape[], planned: readonly WireShape[]): boolean {
  if (stored.length !== planned.length) return false;
  const byPlace = new Map<string, WireShape[]>();
  for (const shape of stored) byPlace.set(placeOf(shape), [...(byPlace.get(placeOf(shape)) ?? []), shape]);
  return planned.every((wanted) => {
    const candidates = byPlace.get(placeOf(wanted)) ?? [];
    const at = candidates.findIndex(({ points }) => arePointsSame(points, wanted.points));
    if (at !== -1) candidates.splice(at, 1);
    return at !== -1;
  });
}

function arePointsSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => Math.abs(value - b[index]!) <= SAME_PIXELS);
}

function placeOf({ type, frame, label_id: labelId, rotation }: WireShape): string {
  return JSON.stringify([type, frame, labelId, rotation ?? 0]);
}
