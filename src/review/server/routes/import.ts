import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError, notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { removeAllBut } from '../data-folder.js';
import { formats } from '../formats/index.js';
import type { ImportPlan } from '../import.js';
import type { FrameRange } from '../store/annotations.js';
import { findProject } from '../store/projects.js';
import { enqueueRequest, findRequest, isActive } from '../store/requests.js';
import type { RequestRow } from '../store/schema.js';
import { parse } from '../validation.js';
import { idOf, owners, scopeOf } from './ids.js';
import { TusUploads } from './tus.js';

/** A label archive has no pictures. */
const maxLabelBytes = 256 * 2 ** 20;

export const importQuery = z.object({
  format: z.string().default(''),
  filename: z.string().default(''),
  import_mode: z.enum(['replace', 'append']).default('replace'),
});

/** A dataset that is to become tasks of a project has pictures. */
const maxDatasetBytes = 2 ** 30;

/** What something is imported into. */
interface Place {
  target: RequestRow['target'];
  id: number;
  task_id: number;
  job_id: number | null;
  project_id: number | null;
  /** Why it takes no labels yet. */
  unready?: string | undefined;
  frames: FrameRange;
}

/**
 * `POST …/annotations` with Upload-Start, tus and Upload-Finish: the way of the official clients to import labels, and
 * `POST /api/projects/{id}/dataset` likewise for pictures with labels.
 */
export function importRoutes(app: FastifyInstance, { store, folder, background }: ReviewContext): void {
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

  addRoutes(
    owners.map((owner) => `/api/${owner}/:id/annotations`),
    { subresource: 'annotations', maxBytes: maxLabelBytes },
    async (request): Promise<Place> => {
      const { task, job, frames } = await scopeOf(request, store);
      return {
        ...{ target: job === undefined ? 'task' : 'job', id: job?.id ?? task.id, frames },
        ...{ task_id: task.id, job_id: job?.id ?? null, project_id: task.project_id },
        unready: task.size === 0 ? 'This task data has not been initialized yet' : undefined,
      };
    },
  );
  addRoutes(
    ['/api/projects/:id/dataset'],
    { subresource: 'dataset', maxBytes: maxDatasetBytes },
    async (request): Promise<Place> => {
      const id = idOf(request);
      if ((await findProject(store, id)) === undefined) throw notFound('Project');
      return { target: 'project', id, task_id: 0, job_id: null, project_id: id, frames: { from: 0, to: 0 } };
    },
  );

  function addRoutes(
    urls: readonly string[],
    { subresource, maxBytes }: { subresource: 'annotations' | 'dataset'; maxBytes: number },
    placeOf: (request: FastifyRequest) => Promise<Place>,
  ): void {
    const uploads = new TusUploads(app, urls, { folder: folder.imports, maxBytes, admit: placeOf });
    for (const url of urls) {
      app.post(url, async (request, reply) => {
        const place = await placeOf(request);
        if (request.headers['upload-start'] !== undefined) return reply.code(202).send();
        if (request.headers['tus-resumable'] !== undefined) return uploads.create(request, reply);
        if (request.headers['upload-finish'] === undefined) {
          throw refused('Files are sent with Upload-Start, by the tus protocol, and Upload-Finish');
        }
        const { format, filename, import_mode: mode } = parse(importQuery, request.query);
        const file = uploads.take(request, filename);
        if (file === undefined) throw refused('No such file were uploaded');
        try {
          if (place.unready !== undefined) throw refused(place.unready);
          if (!Object.hasOwn(formats, format)) throw refused(`Unknown input format '${format}'`);
          const id = await enqueue(place, subresource, format, {
            file: path.basename(file),
            append: mode === 'append',
          });
          return await reply.code(202).send({ rq_id: id });
        } catch (error) {
          await rm(file, { force: true });
          throw error;
        }
      });
    }
  }

  async function enqueue(
    { target, id: targetId, task_id, job_id, project_id, frames }: Place,
    subresource: 'annotations' | 'dataset',
    format: string,
    plan: Pick<ImportPlan, 'file' | 'append'>,
  ): Promise<string> {
    const id = `action=import&target=${target}&target_id=${targetId}&subresource=${subresource}`;
    await store.transaction().execute(async (transaction) => {
      if (isActive(await findRequest(transaction, id))) throw new ApiError(409, { rq_id: id });
      const payload: ImportPlan = { ...plan, frames };
      await enqueueRequest(transaction, {
        ...{ id, action: 'import', subresource, target, format, payload },
        ...{ task_id, job_id, project_id },
      });
    });
    background.wake();
    return id;
  }
}
