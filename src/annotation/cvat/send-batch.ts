import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CvatClient } from '../types.js';
import { UploadInDoubt } from './creation.js';
import { CvatError, hasStatus } from './errors.js';
import type { FrameFile } from './frame-files.js';
import { multipartBody } from './multipart.js';
import { wait } from './wait.js';

const TRIES = 3;

/**
 * Sends some frames in one request. A batch whose answer was lost is sent again: if the first one arrived after all,
 * CVAT refuses the doubles and rolls the whole batch back, so no frame can come in twice; but then nobody knows which
 * of both it was, and the upload is in doubt.
 */
export async function sendBatch(
  client: CvatClient,
  taskId: number,
  batch: readonly FrameFile[],
  imageQuality: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postFrames(client, taskId, batch, imageQuality, signal);
    } catch (error) {
      if (!(error instanceof CvatError)) throw error;
      if (hasStatus(error, 413) && batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await sendBatch(client, taskId, batch.slice(0, middle), imageQuality, signal);
        return sendBatch(client, taskId, batch.slice(middle), imageQuality, signal);
      }
      if (!error.retryable) throw error;
      if (attempt === TRIES) throw error.mayHaveActed ? new UploadInDoubt(taskId, error.message) : error;
      await wait(error.retryAfterMs ?? client.tuning.retryDelayMs * 2 ** attempt, signal);
    }
  }
}

async function postFrames(
  client: CvatClient,
  taskId: number,
  batch: readonly FrameFile[],
  imageQuality: number,
  signal?: AbortSignal,
): Promise<void> {
  const files = [];
  for (const [index, { name, file }] of batch.entries()) {
    const bytes = await readFile(file, { signal });
    // CVAT ignores, with a friendly 200, every part whose field is not called like this.
    files.push({ field: `client_files[${index}]`, name, contentType: 'image/jpeg', bytes });
  }
  const boundary = `frameloop-${randomBytes(16).toString('hex')}`;
  await client.json('POST', `/api/tasks/${taskId}/data/`, {
    headers: { 'upload-multiple': 'true' },
    rawBody: multipartBody({ image_quality: String(imageQuality) }, files, boundary),
    signal,
  });
}
