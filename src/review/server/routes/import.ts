import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { removeAllBut } from '../data-folder.js';
import { formats } from '../formats/index.js';
import type { ImportPlan } from '../import.js';
import { enqueueRequest, findRequest, isActive } from '../store/requests.js';
import { parse } from '../validation.js';
import { owners, scopeOf } from './ids.js';
import { TusUploads } from './tus.js';

/** A label archive has no pictures. */
const maxBytes = 256 * 2 ** 20;

export const importQuery = z.object({
  format: z.string().default(''),
  filename: z.string().default(''),
  import_mode: z.enum(['replace', 'append']).default('replace'),
});

/** `POST …/annotations` with Upload-Start, tus and Upload-Finish: the way of the official clients to import labels. */
export function importRoutes(app: FastifyInstance, { store, folder, background }: ReviewContext): void {
  const urls = owners.map((owner) => `/api/${owner}/:id/annotations`);
  const uploads = new TusUploads(app, urls, {
    folder: folder.imports,
    maxBytes,
    admit: (request) => scopeOf(request, store),
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

  for (const url of urls) {
    app.post(url, async (request, reply) => {
      await scopeOf(request, store);
      if (request.headers['upload-start'] !== undefined) return reply.code(202).send();
      if (request.headers['tus-resumable'] !== undefined) return uploads.create(request, reply);
      if (request.headers['upload-finish'] !== undefined) return finish(request, reply);
      throw refused('Files are sent with Upload-Start, by the tus protocol, and Upload-Finish');
    });
  }

  async function finish(request: FastifyRequest, reply: FastifyReply) {
    const { task, job, frames } = await scopeOf(request, store);
    const { format, filename, import_mode: mode } = parse(importQuery, request.query);
    const file = uploads.take(request, filename);
    if (file === undefined) throw refused('No such file were uploaded');
    if (task.size === 0 || !Object.hasOwn(formats, format)) {
      await rm(file, { force: true });
      throw refused(
        task.size === 0 ? 'This task data has not been initialized yet' : `Unknown input format '${format}'`,
      );
    }
    const target = job === undefined ? 'task' : 'job';
    const id = `action=import&target=${target}&target_id=${job?.id ?? task.id}&subresource=annotations`;
    try {
      await store.transaction().execute(async (transaction) => {
        if (isActive(await findRequest(transaction, id))) throw new ApiError(409, { rq_id: id });
        const payload: ImportPlan = { file: path.basename(file), frames, append: mode === 'append' };
        await enqueueRequest(transaction, {
          ...{ id, action: 'import', subresource: 'annotations', target, format, payload },
          ...{ task_id: task.id, project_id: task.project_id, job_id: job?.id ?? null },
        });
      });
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    background.wake();
    return reply.code(202).send({ rq_id: id });
  }
}
