import type { CvatClient } from '../types.js';
import { CvatError, hasStatus } from './errors.js';
import { awaitRequest, failureMessage, listRequests } from './requests.js';
import { readTask, taskUrl } from './tasks.js';
import { wait } from './wait.js';

/** Nobody knows what the task holds: it has to be deleted and made anew. */
export class UploadInDoubt extends CvatError {
  constructor(taskId: number, why: string) {
    super('CVAT_UPLOAD_IN_DOUBT', `The upload of CVAT task ${taskId} went wrong half-way: ${why}`, {
      retryable: true,
      hint: 'Trying again deletes the task and makes it anew.',
    });
  }
}

const TRIES = 3;

/**
 * Tells the server that all frames are there, so that it makes the task of them. Old servers make the task twice when
 * they are told twice, so after a lost answer it looks first whether the server is at it already.
 * @param data CVAT's DataRequest: quality, order and jobs
 * @returns the id of the background request; `undefined` if the task is made already
 */
export async function finishUpload(
  client: CvatClient,
  taskId: number,
  data: { image_quality: number } & Record<string, unknown>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { rq_id: requestId } = await client.json<{ rq_id: string }>('POST', `/api/tasks/${taskId}/data/`, {
        headers: { 'upload-finish': 'true' },
        body: data,
        signal,
      });
      return requestId;
    } catch (error) {
      // 400 and 409 are also the answers to a finish that the server has had before.
      const worthALook = error instanceof CvatError && (error.retryable || hasStatus(error, 400));
      if (!worthALook) throw error;
      const begun = await lookForCreation(client, taskId, signal);
      if (begun !== undefined) return begun.requestId;
      if (!error.retryable) throw error;
      if (attempt === TRIES) throw new UploadInDoubt(taskId, error.message);
    }
  }
}

/** Looks more than once: a finish that got stuck in a proxy arrives late. */
async function lookForCreation(
  client: CvatClient,
  taskId: number,
  signal?: AbortSignal,
): Promise<{ requestId?: string } | undefined> {
  for (let look = 0; look < 3; look++) {
    await wait(look * client.tuning.retryDelayMs, signal);
    const [request] = await listRequests(client, taskId, 'create', signal);
    if (request !== undefined) return { requestId: request.id };
    if (((await readTask(client, taskId, signal))?.size ?? 0) > 0) return {};
  }
  return undefined;
}

/**
 * Waits until the server has made the task. Afterwards the task has frames; which ones, is for the caller to verify.
 * Throws CVAT_TASK_CREATION_FAILED with CVAT's reason, or UploadInDoubt if the request was lost and the task is empty.
 */
export async function awaitCreation(
  client: CvatClient,
  taskId: number,
  requestId: string | undefined,
  signal?: AbortSignal,
  onLook?: () => void,
): Promise<void> {
  const outcome =
    requestId === undefined ? ({ status: 'lost' } as const) : await awaitRequest(client, requestId, signal, onLook);
  if (outcome.status === 'failed') {
    const reason = failureMessage(outcome.request);
    throw new CvatError('CVAT_TASK_CREATION_FAILED', `CVAT could not make task ${taskId}: ${reason}`, {
      hint: `Look at ${taskUrl(client.host, taskId)}; a new attempt deletes this task and makes it anew.`,
    });
  }
  // A finished creation is forgotten after some minutes; the task itself says whether it was one.
  const task = await readTask(client, taskId, signal);
  if ((task?.size ?? 0) === 0) throw new UploadInDoubt(taskId, 'CVAT forgot the creation of the task');
}
