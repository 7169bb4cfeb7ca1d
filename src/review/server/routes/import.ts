import { randomUUID } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { removeAllBut } from '../data-folder.js';
import type { ImportPlan } from '../import.js';
import { originOf } from '../security.js';
import { enqueueRequest, findRequest, isActive } from '../store/requests.js';
import type { TaskRow } from '../store/schema.js';
import { integer, parse } from '../validation.js';
import { exportFormats } from '../yolo.js';
import { taskOf } from './ids.js';

/** A label archive has no pictures; the official client sends 10 MiB at a time. */
const limits = { fileBytes: 256 * 2 ** 20, chunkBytes: 16 * 2 ** 20 };

const query = z.object({ format: z.string().default(''), filename: z.string().default('') });

/** A file that is arriving by the tus protocol. A restart forgets it, and the client begins anew. */
interface Upload {
  taskId: number;
  length: number;
  offset: number;
}

/** `POST …/annotations` with Upload-Start, tus and Upload-Finish: the way of the official clients to import labels. */
export function importRoutes(app: FastifyInstance, context: ReviewContext): void {
  const { store, folder } = context;
  const uploads = new Map<string, Upload>();
  const fileOf = (id: string) => path.join(folder.imports, id);
  app.addContentTypeParser('application/offset+octet-stream', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  // What an import still needs is named by its request.
  app.addHook('onReady', async () => {
    const rows = await store
      .selectFrom('requests')
      .select('payload')
      .where('action', '=', 'import')
      .where('status', 'in', ['queued', 'started'])
      .execute();
    await removeAllBut(folder.imports, new Set(rows.map(({ payload }) => (JSON.parse(payload) as ImportPlan).file)));
  });

  app.post('/api/tasks/:id/annotations', async (request, reply) => {
    const task = await taskOf(request, store);
    if (request.headers['upload-start'] !== undefined) return reply.code(202).send();
    if (request.headers['tus-resumable'] !== undefined) return create(task, request, reply);
    if (request.headers['upload-finish'] !== undefined) return finish(task, request, reply);
    throw refused('Files are sent with Upload-Start, by the tus protocol, and Upload-Finish');
  });

  app.head('/api/tasks/:id/annotations/:file', async (request, reply) => {
    const { upload } = await uploadOf(request);
    return reply.headers({ 'upload-offset': upload.offset, 'upload-length': upload.length }).code(200).send();
  });

  app.patch('/api/tasks/:id/annotations/:file', { bodyLimit: limits.chunkBytes }, async (request, reply) => {
    const { id, upload } = await uploadOf(request);
    const chunk = request.body as Buffer;
    if (Number(request.headers['upload-offset']) !== upload.offset) throw new ApiError(409, 'Wrong offset');
    if (upload.offset + chunk.length > upload.length) throw new ApiError(413, { detail: 'More than was announced.' });
    const handle = await open(fileOf(id), 'r+');
    try {
      await handle.write(chunk, 0, chunk.length, upload.offset);
      await handle.sync();
    } finally {
      await handle.close();
    }
    upload.offset += chunk.length;
    return reply.header('upload-offset', upload.offset).code(204).send();
  });

  async function create(task: TaskRow, request: FastifyRequest, reply: FastifyReply) {
    const length = parse(integer(0, limits.fileBytes), request.headers['upload-length']);
    const id = randomUUID();
    await writeFile(fileOf(id), '');
    uploads.set(id, { taskId: task.id, length, offset: 0 });
    return reply
      .headers({ location: `${originOf(request)}/api/tasks/${task.id}/annotations/${id}`, 'upload-filename': id })
      .code(201)
      .send();
  }

  async function uploadOf(request: FastifyRequest): Promise<{ id: string; upload: Upload }> {
    const task = await taskOf(request, store);
    const { file } = request.params as { file: string };
    const upload = uploads.get(file);
    if (upload?.taskId !== task.id) throw new ApiError(404, { detail: 'Not found.' });
    return { id: file, upload };
  }

  async function finish(task: TaskRow, request: FastifyRequest, reply: FastifyReply) {
    const { format, filename } = parse(query, request.query);
    const upload = uploads.get(filename);
    if (upload?.taskId !== task.id || upload.offset !== upload.length) throw refused('No such file were uploaded');
    uploads.delete(filename);
    if (task.size === 0 || !Object.hasOwn(exportFormats, format)) {
      await rm(fileOf(filename), { force: true });
      throw refused(
        task.size === 0 ? 'This task data has not been initialized yet' : `Unknown input format '${format}'`,
      );
    }
    const id = `action=import&target=task&target_id=${task.id}&subresource=annotations`;
    await store.transaction().execute(async (transaction) => {
      if (isActive(await findRequest(transaction, id))) throw new ApiError(409, { rq_id: id });
      const payload: ImportPlan = { file: filename };
      await enqueueRequest(transaction, {
        ...{ id, action: 'import', subresource: 'annotations', task_id: task.id, project_id: task.project_id },
        ...{ format, payload },
      });
    });
    context.background.wake();
    return reply.code(202).send({ rq_id: id });
  }
}
