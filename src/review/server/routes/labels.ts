import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { notFound } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, windowOf } from '../paging.js';
import type { Store } from '../store/database.js';
import { findJob } from '../store/jobs.js';
import { findProject, labelsOfProject, labelsOfTask } from '../store/projects.js';
import type { LabelRow } from '../store/schema.js';
import { findTask } from '../store/tasks.js';
import { integer, parse } from '../validation.js';
import { labelView } from '../views.js';

const listQuery = z.object({
  project_id: integer(0).optional(),
  task_id: integer(0).optional(),
  job_id: integer(0).optional(),
  name: z.string().optional(),
});

export function labelRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  app.get('/api/labels', async (request) => {
    const page = pageOf(request);
    const query = parse(listQuery, request.query);
    const labels = (await labelsOf(store, query)).filter(({ name }) => name === (query.name ?? name));
    const { limit, offset } = windowOf(page);
    const shown = limit < 0 ? labels : labels.slice(offset, offset + limit);
    return pageBody(request, page, labels.length, shown.map(labelView));
  });
}

/** The labels of what the query names. (CVAT answers 500 for a parent that does not exist.) */
async function labelsOf(store: Store, query: z.output<typeof listQuery>): Promise<LabelRow[]> {
  if (query.project_id !== undefined) {
    if ((await findProject(store, query.project_id)) === undefined) throw notFound('Project');
    return labelsOfProject(store, query.project_id);
  }
  if (query.task_id !== undefined) {
    const task = await findTask(store, query.task_id);
    if (task === undefined) throw notFound('Task');
    return labelsOfTask(store, task);
  }
  if (query.job_id !== undefined) {
    const found = await findJob(store, query.job_id);
    if (found === undefined) throw notFound('Job');
    return labelsOfTask(store, found.task);
  }
  return store.selectFrom('labels').selectAll().orderBy('id').execute();
}
