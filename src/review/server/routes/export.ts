import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError, invalidField, notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import type { ExportPlan } from '../export.js';
import { formats } from '../formats/index.js';
import { now } from '../store/database.js';
import { findProject } from '../store/projects.js';
import { enqueueRequest, findRequest, isActive } from '../store/requests.js';
import type { RequestRow } from '../store/schema.js';
import { flag, parse } from '../validation.js';
import { userId } from '../views.js';
import { idOf, scopeOf } from './ids.js';

export const exportQuery = z.object({
  format: z.string().default(''),
  save_images: flag().default(false),
  location: z.string().default('local'),
});

/** What can be exported, with the columns of a request that say which one. */
const targets = ['task', 'job', 'project'] as const;

type Ids = Pick<RequestRow, 'task_id' | 'job_id' | 'project_id'>;

export function exportRoutes(app: FastifyInstance, { store, folder, background }: ReviewContext): void {
  for (const target of targets) {
    const url = `/api/${target}s/:id/dataset`;

    app.post(`${url}/export`, async (request, reply) => {
      const ids = await idsOf(target, request);
      const { format, save_images: saveImages, location } = parse(exportQuery, request.query);
      if (!Object.hasOwn(formats, format)) throw refused('Unknown format specified for the request');
      if (location !== 'local') throw invalidField('location', `"${location}" is not a valid choice.`);
      const subresource = saveImages ? 'dataset' : 'annotations';
      const id =
        `action=export&target=${target}&target_id=${idOf(request)}&user_id=${userId}&subresource=${subresource}` +
        `&format=${format.replaceAll(' ', '_').replaceAll('.', '~')}`;
      await store.transaction().execute(async (transaction) => {
        if (isActive(await findRequest(transaction, id))) throw new ApiError(409, { rq_id: id });
        const payload: ExportPlan = { saveImages };
        await enqueueRequest(transaction, { id, action: 'export', target, subresource, ...ids, format, payload });
      });
      background.wake();
      return reply.code(202).send({ rq_id: id });
    });

    app.get(`${url}/download`, async (request, reply) => {
      await idsOf(target, request);
      const { rq_id: id } = parse(z.object({ rq_id: z.string() }), request.query);
      const found = await findRequest(store, id);
      if (found?.action !== 'export' || !id.startsWith(`action=export&target=${target}&target_id=${idOf(request)}&`)) {
        throw new ApiError(404, { detail: 'Unknown export request id. Please request export first.' });
      }
      if (found.result_file === null) throw refused('The export has not been finished');
      if ((found.expiry_date ?? '') < now()) throw new ApiError(404, { detail: 'The exported file has expired' });
      const file = path.join(folder.exports, found.result_file);
      const format = found.format?.replaceAll(/[^A-Za-z0-9]+/g, '_').toLowerCase();
      const name = `${target}_${idOf(request)}_${found.subresource}_${format}.zip`;
      return reply
        .type('application/zip')
        .header('content-length', (await stat(file)).size)
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(createReadStream(file));
    });
  }

  /** @throws ApiError 404 */
  async function idsOf(target: (typeof targets)[number], request: FastifyRequest): Promise<Ids> {
    if (target === 'project') {
      const id = idOf(request);
      if ((await findProject(store, id)) === undefined) throw notFound('Project');
      return { task_id: 0, job_id: null, project_id: id };
    }
    const { task, job } = await scopeOf(request, store);
    return { task_id: task.id, job_id: job?.id ?? null, project_id: task.project_id };
  }
}
