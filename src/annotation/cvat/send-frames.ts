import { randomBytes } from 'node:crypto';
import type { CvatClient } from '../types.js';
import { takeBatch, type BatchLimits } from './batches.js';
import { UploadInDoubt } from './creation.js';
import { CvatError, hasStatus } from './errors.js';
import type { FrameFile } from './frame-files.js';
import { writeJournal, type UploadJournal } from './journal.js';
import { multipartBody } from './multipart.js';
import { wait } from './wait.js';

const TRIES = 3;

export interface SendOptions {
  taskId: number;
  imageQuality: number;
  journalFile?: string;
  signal?: AbortSignal;
  /** Called after every batch with the number of frames that have arrived. */
  onSent: (frames: number) => void;
}

/**
 * Sends frames in batches, one in memory at a time, beginning after those that the journal names. Where a proxy refuses
 * a batch for its size (413), this one and all that follow become smaller.
 */
export async function sendFrames(
  client: CvatClient,
  files: readonly FrameFile[],
  journal: UploadJournal,
  options: SendOptions,
): Promise<void> {
  const limits: BatchLimits = { batchFiles: client.tuning.batchFiles, batchBytes: client.tuning.batchBytes };
  const sent = new Set(journal.sent);
  const inFlight = new Set(journal.inFlight);
  const doubtful = files.filter(({ name }) => inFlight.has(name) && !sent.has(name));
  let rest = files.filter(({ name }) => !inFlight.has(name) && !sent.has(name));
  const confirm = async (batch: readonly FrameFile[]) => {
    for (const { name } of batch) sent.add(name);
    await writeJournal(options.journalFile, { taskId: options.taskId, sent: [...sent], inFlight: [] });
    options.onSent(sent.size);
  };
  options.onSent(sent.size);
  if (doubtful.length > 0) {
    // Exactly this batch may have arrived before the crash.
    await sendBatch(client, doubtful, { ...options, mayBeThere: true });
    await confirm(doubtful);
  }
  while (rest.length > 0) {
    const batch = takeBatch(rest, limits);
    const names = batch.map(({ name }) => name);
    await writeJournal(options.journalFile, { taskId: options.taskId, sent: [...sent], inFlight: names });
    try {
      await sendBatch(client, batch, { ...options, mayBeThere: false });
    } catch (error) {
      if (!hasStatus(error, 413) || batch.length === 1) throw error;
      limits.batchBytes = Math.ceil(batch.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 2);
      limits.batchFiles = Math.ceil(batch.length / 2);
      continue;
    }
    rest = rest.slice(batch.length);
    await confirm(batch);
  }
}

/**
 * Sends some frames in one request, and again after a lost answer. If the first one arrived after all, CVAT refuses the
 * doubles (old ones with a bare 500) and rolls the whole batch back, so no frame comes in twice. Which of both it was
 * shows when the task is made: its frames are compared with what was sent.
 */
async function sendBatch(
  client: CvatClient,
  batch: readonly FrameFile[],
  { taskId, imageQuality, signal, mayBeThere }: SendOptions & { mayBeThere: boolean },
): Promise<void> {
  let answerLost = mayBeThere;
  for (let attempt = 1; ; attempt++) {
    try {
      return await postFrames(client, taskId, batch, imageQuality, signal);
    } catch (error) {
      if (!(error instanceof CvatError)) throw error;
      if (answerLost && isThereAlready(error)) return;
      if (!error.retryable) throw error;
      if (attempt === TRIES) throw error.mayHaveActed ? new UploadInDoubt(taskId, error.message) : error;
      answerLost ||= error.mayHaveActed && error.status !== 500;
      await wait(error.retryAfterMs ?? client.tuning.retryDelayMs * 2 ** attempt, signal);
    }
  }
}

function isThereAlready(error: unknown): boolean {
  return hasStatus(error, 500) || (hasStatus(error, 400) && /same name|already exists/i.test(error.message));
}

async function postFrames(
  client: CvatClient,
  taskId: number,
  batch: readonly FrameFile[],
  imageQuality: number,
  signal?: AbortSignal,
): Promise<void> {
  const files = batch.map(({ name, file, sizeBytes }, index) => ({
    // CVAT ignores, with a friendly 200, every part whose field is not called like this.
    ...{ field: `client_files[${index}]`, name, contentType: 'image/jpeg' },
    ...{ file, sizeBytes },
  }));
  const boundary = `frameloop-${randomBytes(16).toString('hex')}`;
  await client.json('POST', `/api/tasks/${taskId}/data/`, {
    headers: { 'upload-multiple': 'true' },
    rawBody: await multipartBody({ image_quality: String(imageQuality) }, files, boundary, signal),
    signal,
  });
}
