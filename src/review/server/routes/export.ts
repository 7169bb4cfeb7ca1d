import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ApiError, invalidField, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import type { ExportPlan } from '../export.js';
import { now } from '../store/database.js';
import { enqueueRequest, findRequest, isActive } from '../store/requests.js';
import { flag, parse } from '../validation.js';
import { userId } from '../views.js';
import { exportFormats } from '../yolo.js';
import { taskOf } from './ids.js';

const exportQuery = z.object({
  format: z.string().default(''),
  save_images: flag().default(false),
  location: z.string().default('local'),
});

export function exportRoutes(app: FastifyInstance, { store, folder, background }: ReviewContext): void {
  app.post('/api/tasks/:id/dataset/export', async (request, reply) => {
    const task = await taskOf(request, store);
    const { format, save_images: saveImages, location } = parse(exportQuery, request.query);
    if (!Object.hasOwn(exportFormats, format)) throw refused('Unknown format specified for the request');
    if (location !== 'local') throw invalidField('location', `"${location}" is not a valid choice.`);
    const subresource = saveImages ? 'dataset' : 'annotations';
    const id =
      `action=export&target=task&target_id=${task.id}&user_id=${userId}&subresource=${subresource}` +
      `&format=${format.replaceAll(' ', '_').replaceAll('.', '~')}`;
    await store.transaction().execute(async (transaction) => {
      if (isActive(await findRequest(transaction, id))) throw new ApiError(409, { rq_id: id });
      const payload: ExportPlan = { saveImages };
      const { id: task_id, project_id } = task;
      await enqueueRequest(transaction, { id, action: 'export', subresource, task_id, project_id, format, payload });
    });
    background.wake();
    return reply.code(202).send({ rq_id: id });
  });

  app.get('/api/tasks/:id/dataset/download', async (request, reply) => {
    const task = await taskOf(request, store);
    const { rq_id: id } = parse(z.object({ rq_id: z.string() }), request.query);
    const found = await findRequest(store, id);
    if (found === undefined || found.task_id !== task.id || found.action !== 'export') {
      throw new ApiError(404, { detail: 'Unknown export request id. Please request export first.' });
    }
    if (found.result_file === null) throw refused('The export has not been finished');
    if ((found.expiry_date ?? '') < now()) throw new ApiError(404, { detail: 'The exported file has expired' });
    const file = path.join(folder.exports, found.result_file);
    const format = found.format?.replaceAll(/[^A-Za-z0-9]+/g, '_').toLowerCase();
    return reply
      .type('application/zip')
      .header('content-length', (await stat(file)).size)
      .header('content-disposition', `attachment; filename="task_${task.id}_${found.subresource}_${format}.zip"`)
      .send(createReadStream(file));
  });
}
