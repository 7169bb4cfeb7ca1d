import { rm } from 'node:fs/promises';
import type { CvatClient } from '../types.js';
import { CvatError, hasStatus } from './errors.js';
import { resolveFormat, usableFormats } from './formats.js';
import { awaitRequest, failureMessage } from './requests.js';
import { wait } from './wait.js';
import type { WireFormats, WireRequest, WireTask } from './wire.js';

const TRIES = 3;
/** While another export of the task runs, CVAT refuses ours; about a minute of that is no accident any more. */
const CONFLICT_WAITS = 12;
/** Poll intervals between two tries: five seconds with the usual one. */
const CONFLICT_PAUSE = 20;

/**
 * Lets the server write the task's labels (without pictures) in one of its formats, and brings the zip home. The file is
 * there as a whole or not at all, and holds what the task holds: an export is a picture of one moment, and is made anew
 * when the task was changed before its file arrived.
 * Throws CVAT_FORMAT_UNKNOWN with the formats that there are, CVAT_EXPORT_FAILED with CVAT's reason, CVAT_EXPORT_STALE
 * (retryable) if the task is changed all the time.
 */
export async function exportLabels(
  client: CvatClient,
  taskId: number,
  request: { format: string; toFile: string },
  signal?: AbortSignal,
): Promise<{ format: string; file: string }> {
  const { exporters } = await client.json<WireFormats>('GET', '/api/server/annotation/formats', { signal });
  const format = resolveFormat(request.format, usableFormats(exporters));
  for (let attempt = 1; ; attempt++) {
    const before = await changedAt(client, taskId, signal);
    await exportAndDownload(client, taskId, { format, toFile: request.toFile }, signal);
    if ((await changedAt(client, taskId, signal)) === before) return { format, file: request.toFile };
    if (attempt === TRIES) {
      await rm(request.toFile, { force: true });
      throw new CvatError('CVAT_EXPORT_STALE', `CVAT task ${taskId} changes faster than it can be exported`, {
        retryable: true,
      });
    }
  }
}

async function changedAt(client: CvatClient, taskId: number, signal?: AbortSignal): Promise<string | undefined> {
  return (await client.json<WireTask>('GET', `/api/tasks/${taskId}`, { signal })).updated_date;
}

async function exportAndDownload(
  client: CvatClient,
  taskId: number,
  { format, toFile }: { format: string; toFile: string },
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const resultUrl = await exportOnce(client, taskId, format, signal);
    try {
      return await client.download(resultPath(resultUrl), toFile, signal);
    } catch (error) {
      // The result can be fetched once only: after a broken download there is nothing left to fetch (400 or 404).
      const gone = hasStatus(error, 400, 404) || (error instanceof CvatError && error.retryable);
      if (!gone || attempt === TRIES) throw error;
      await wait(client.tuning.retryDelayMs * attempt, signal);
    }
  }
}

async function exportOnce(client: CvatClient, taskId: number, format: string, signal?: AbortSignal): Promise<string> {
  const outcome = await awaitRequest(client, await startExport(client, taskId, format, signal), signal);
  if (outcome.status === 'lost') {
    throw new CvatError('CVAT_EXPORT_FAILED', `CVAT forgot the export of task ${taskId}`, { retryable: true });
  }
  return resultUrlOf(outcome.request, taskId);
}

function resultUrlOf(request: WireRequest, taskId: number): string {
  if (request.status === 'failed') {
    throw new CvatError('CVAT_EXPORT_FAILED', `CVAT could not export task ${taskId}: ${failureMessage(request)}`);
  }
  if (request.result_url) return request.result_url;
  throw new CvatError('CVAT_EXPORT_FAILED', `CVAT gave no file for the export of task ${taskId}`, {
    hint: 'Its project may send exports to a cloud storage: turn that off in the project.',
  });
}

async function startExport(client: CvatClient, taskId: number, format: string, signal?: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { rq_id: requestId } = await client.json<{ rq_id: string }>('POST', `/api/tasks/${taskId}/dataset/export`, {
        query: { format, save_images: false, location: 'local' },
        // Starting an export twice gives the same file.
        retry: true,
        signal,
      });
      return requestId;
    } catch (error) {
      if (!hasStatus(error, 409) || attempt === CONFLICT_WAITS) throw error;
      await wait(client.tuning.pollMs * CONFLICT_PAUSE, signal);
    }
  }
}

/**
 * Path and query of a result: used as they are, because their form changes with the version; but the server's idea of
 * its own address may be one that only it can reach.
 */
export function resultPath(resultUrl: string): string {
  const { pathname, search } = new URL(resultUrl, 'http://localhost');
  const api = pathname.indexOf('/api/');
  return `${api === -1 ? pathname : pathname.slice(api)}${search}`;
}
