import type { CvatClient, DownloadedAnnotations, DownloadRequest } from '../types.js';
import { drawnInFrames } from './drawn.js';
import { labelNames } from './label-names.js';
import { toReviewedFrames } from './reviewed.js';
import { annotationJobs, readDataMeta } from './tasks.js';
import type { WireAnnotations, WireLabel } from './wire.js';

/**
 * Brings home what people made of a task's frames, finished or not: each frame that was sent comes back, and says whether
 * it was reviewed. Rectangles and rectangle tracks come as boxes in pixels; anything else is named in the warnings or, if
 * so wanted, becomes the box around it.
 * Throws CVAT_NOT_FOUND for a deleted task.
 */
export async function downloadAnnotations(
  client: CvatClient,
  taskId: number,
  request: DownloadRequest,
  signal?: AbortSignal,
): Promise<DownloadedAnnotations> {
  const { meta, jobs, names } = await readTaskContext(client, taskId, request, signal);
  const annotations = await client.json<WireAnnotations>('GET', `/api/tasks/${taskId}/annotations`, { signal });
  const frameCount = meta.frames?.length ?? 0;
  const { shapesToBoxes } = request;
  const drawn = drawnInFrames(annotations, { frameCount, jobs, names: names.byId, shapesToBoxes });
  const { frames, warnings } = toReviewedFrames({ meta, jobs, drawn, frameIds: request.frameIds, rule: request.rule });
  const tags = annotations.tags?.length ?? 0;
  if (tags > 0) warnings.push(`Labels of whole frames (tags), which no dataset of boxes can hold: ${tags}, left out`);
  return { frames, warnings: [...names.warnings, ...warnings] };
}

/** What is needed to understand the boxes of a task, wherever they come from. */
export async function readTaskContext(
  client: CvatClient,
  taskId: number,
  request: DownloadRequest,
  signal?: AbortSignal,
) {
  const meta = await readDataMeta(client, taskId, signal);
  // Jobs before boxes: what was completed at this moment can only have got better in the next.
  const jobs = await annotationJobs(client, taskId, signal);
  const labels = await client.list<WireLabel>('/api/labels', { task_id: taskId }, signal);
  return {
    meta,
    jobs,
    names: labelNames(
      labels.filter(({ parent_id: parent }) => parent == null),
      request,
    ),
  };
}
