import type { CvatClient, UploadTaskRequest, UploadedTask } from '../types.js';
import { planBatches } from './batches.js';
import { awaitCreation, finishUpload, UploadInDoubt } from './creation.js';
import { CvatError, hasStatus } from './errors.js';
import { checkFrames, type FrameFile } from './frame-files.js';
import { sendBatch } from './send-batch.js';
import { settleExistingTasks, verifyTask } from './settle.js';
import { deleteTask, tasksNamed } from './tasks.js';
import type { WireTask } from './wire.js';

/** The pictures that CVAT shows are compressed anew; below this, small objects lose their edges. */
const IMAGE_QUALITY = 95;

/** A server that loses three uploads in a row is not helped by a fourth. */
const ATTEMPTS = 3;

/**
 * Makes the task and uploads its frames, exactly once: it may be called again after a crash at any moment, and the task
 * that it returns holds exactly these frames. A task of that name is used if it is whole, waited for if the server is
 * making it, and deleted and made anew if it was left half-way. One batch of frames is in memory at a time.
 *
 * Throws CVAT_TASK_CREATION_FAILED with CVAT's reason, CVAT_TASK_NAME_TAKEN if another task has the name,
 * CVAT_FRAMES_INVALID, FRAME_FILE_MISSING, CVAT_UPLOAD_IN_DOUBT (retryable) and the errors of every exchange.
 */
export async function uploadTask(client: CvatClient, request: UploadTaskRequest): Promise<UploadedTask> {
  const files = await checkFrames(request.frames);
  const names = files.map(({ name }) => name);
  const reportLook = () => request.onProgress?.(files.length, files.length);

  for (let attempt = 1; ; attempt++) {
    const existing = await settleExistingTasks(client, request, names, reportLook);
    if (existing !== undefined) return existing;
    const { id } = await createTask(client, request);
    try {
      await fillTask(client, id, request, files, reportLook);
      return await verifyTask(client, id, names, request.signal);
    } catch (error) {
      // Somebody deleted the task under our hands: no worse than any other doubt.
      const inDoubt = error instanceof UploadInDoubt || hasStatus(error, 404);
      if (!inDoubt || attempt === ATTEMPTS) throw error;
      await deleteTask(client, id, request.signal);
    }
  }
}

async function createTask(client: CvatClient, request: UploadTaskRequest): Promise<WireTask> {
  const { name, project, segmentSize, subset, bugTracker, signal } = request;
  const body = {
    name,
    project_id: project.id,
    ...(segmentSize === undefined ? {} : { segment_size: segmentSize, overlap: 0 }),
    ...(subset === undefined ? {} : { subset }),
    ...(bugTracker === undefined ? {} : { bug_tracker: bugTracker }),
  };
  try {
    // Without the organization the task would go to the user's own space, and CVAT refuses it there.
    return await client.json('POST', '/api/tasks', { body, query: { org_id: project.organizationId }, signal });
  } catch (error) {
    if (!(error instanceof CvatError && error.mayHaveActed)) throw error;
    const made = (await tasksNamed(client, name, project.id, signal)).at(-1);
    if (made === undefined) throw error;
    return made;
  }
}

async function fillTask(
  client: CvatClient,
  taskId: number,
  { imageQuality = IMAGE_QUALITY, signal, onProgress }: UploadTaskRequest,
  files: readonly FrameFile[],
  reportLook: () => void,
): Promise<void> {
  await client.json('POST', `/api/tasks/${taskId}/data/`, {
    headers: { 'upload-start': 'true' },
    retry: true,
    signal,
  });
  let sent = 0;
  onProgress?.(sent, files.length);
  for (const batch of planBatches(files, client.tuning)) {
    await sendBatch(client, taskId, batch, imageQuality, signal);
    sent += batch.length;
    onProgress?.(sent, files.length);
  }
  const requestId = await finishUpload(client, taskId, imageQuality, signal);
  await awaitCreation(client, taskId, requestId, signal, reportLook);
}
