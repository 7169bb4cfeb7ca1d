import { randomBytes } from 'node:crypto';
import type { CvatClient } from '../types.js';
import { CvatError, hasStatus } from './errors.js';
import { resultPath } from './export.js';
import { awaitRequest, failureMessage, listRequests } from './requests.js';

/** What one PATCH carries at most; the official client's chunk. */
const CHUNK_BYTES = 10 * 1024 * 1024;

/**
 * Replaces the annotations of a task by those of a zip. The zip goes up by the tus protocol (the only way that all
 * versions take), under a name of its own each time, so that a second attempt never meets the rest of a first one.
 * Throws CVAT_IMPORT_FAILED with CVAT's reason, and the errors of every exchange.
 */
export async function importLabels(
  client: CvatClient,
  taskId: number,
  { format, zip }: { format: string; zip: Buffer },
  signal?: AbortSignal,
): Promise<void> {
  const path = `/api/tasks/${taskId}/annotations/`;
  const name = `frameloop-${randomBytes(8).toString('hex')}.zip`;
  await client.json('POST', path, {
    query: { format, filename: name },
    headers: { 'upload-start': 'true' },
    retry: true,
    signal,
  });
  const filename = await sendFile(client, path, name, zip, signal);
  const requestId = await finish(client, taskId, { format, filename, location: 'local' }, signal);
  const outcome = await awaitRequest(client, requestId, signal);
  // A request that was forgotten may have done its work: what the task holds is compared afterwards in any case.
  if (outcome.status !== 'failed') return;
  throw new CvatError('CVAT_IMPORT_FAILED', `CVAT could not read the boxes: ${failureMessage(outcome.request)}`, {
    hint: 'Set cvat.prelabels to boxes, which needs no file format.',
  });
}

/** @returns the name by which the server knows the file from now on */
async function sendFile(
  client: CvatClient,
  path: string,
  name: string,
  bytes: Buffer,
  signal?: AbortSignal,
): Promise<string> {
  // Old servers build the file's address from the Origin, and fail without one.
  const tus = { 'tus-resumable': '1.0.0', origin: new URL(client.host).origin };
  const created = await client.exchange('POST', path, {
    headers: {
      ...tus,
      'upload-length': String(bytes.length),
      'upload-metadata': `filename ${Buffer.from(name).toString('base64')}`,
    },
    signal,
  });
  const location = header(created.headers, 'location');
  if (location === undefined) {
    throw new CvatError('CVAT_ANSWER_BROKEN', 'CVAT does not say where the file is to be sent to', { retryable: true });
  }
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    await client.json('PATCH', resultPath(location), {
      headers: { ...tus, 'upload-offset': String(offset) },
      rawBody: {
        contentType: 'application/offset+octet-stream',
        bytes: bytes.subarray(offset, offset + CHUNK_BYTES),
      },
      signal,
    });
  }
  return header(created.headers, 'upload-filename') ?? name;
}

/** @returns the id of the background request */
async function finish(
  client: CvatClient,
  taskId: number,
  query: Record<string, string>,
  signal?: AbortSignal,
): Promise<string> {
  try {
    const { rq_id: requestId } = await client.json<{ rq_id: string }>('POST', `/api/tasks/${taskId}/annotations/`, {
      query,
      headers: { 'upload-finish': 'true' },
      signal,
    });
    return requestId;
  } catch (error) {
    const mayRun = error instanceof CvatError && (error.mayHaveActed || hasStatus(error, 409));
    const [running] = mayRun ? await listRequests(client, taskId, 'import', signal) : [];
    if (running === undefined) throw error;
    return running.id;
  }
}

function header(headers: Record<string, string | string[] | undefined>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
