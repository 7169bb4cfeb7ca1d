import type { CvatClient, DownloadedAnnotations } from '../types.js';
import { toReviewedFrames } from './reviewed.js';
import { annotationJobs, readDataMeta } from './tasks.js';
import type { WireAnnotations, WireLabel } from './wire.js';

/**
 * Brings home what people made of a task's frames, finished or not: each frame says whether it was reviewed. Rectangles
 * and rectangle tracks come as boxes in pixels; anything else is named in the warnings. Frames that were deleted in CVAT
 * are left out.
 * Throws CVAT_NOT_FOUND for a deleted task.
 */
export async function downloadAnnotations(
  client: CvatClient,
  taskId: number,
  signal?: AbortSignal,
): Promise<DownloadedAnnotations> {
  const meta = await readDataMeta(client, taskId, signal);
  // Jobs before annotations: what was completed at this moment can only have got better in the next.
  const jobs = await annotationJobs(client, taskId, signal);
  const labels = await client.list<WireLabel>('/api/labels', { task_id: taskId }, signal);
  const annotations = await client.json<WireAnnotations>('GET', `/api/tasks/${taskId}/annotations`, { signal });
  return toReviewedFrames({ meta, jobs, annotations, labels: new Map(labels.map(({ id, name }) => [id, name])) });
}
