import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError, notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { listingOf, pageBody, pageOf } from '../paging.js';
import type { Store } from '../store/database.js';
import { findJob } from '../store/jobs.js';
import {
  deleteLabel,
  findLabel,
  findProject,
  labelColumns,
  labelsOfProject,
  labelsOfTask,
  listLabels,
  updateLabel,
} from '../store/projects.js';
import type { LabelRow } from '../store/schema.js';
import { findTask } from '../store/tasks.js';
import { integer, parse } from '../validation.js';
import { labelView } from '../views.js';
import { idOf } from './ids.js';
import { labelChange } from './label-input.js';

export const labelListQuery = z.object({
  project_id: integer(0).optional(),
  task_id: integer(0).optional(),
  job_id: integer(0).optional(),
  name: z.string().optional(),
});

export function labelRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  app.get('/api/labels', async (request) => {
    const page = pageOf(request, labelColumns, 'id');
    const query = parse(labelListQuery, request.query);
    const { count, rows } = await listLabels(store, await ownerOf(store, query), query.name, listingOf(page));
    return pageBody(request, page, count, rows.map(labelView));
  });

  app.get('/api/labels/:id', async (request) => labelView(await labelOf(request, store)));

  app.patch('/api/labels/:id', async (request) => {
    const change = parse(labelChange, request.body);
    return store.transaction().execute(async (transaction) => {
      const label = await labelOf(request, transaction);
      const siblings = await siblingsOf(transaction, label);
      if (siblings.some(({ id, name }) => id !== label.id && name === change.name)) {
        throw refused('All label names must be unique');
      }
      await updateLabel(transaction, label.id, change);
      return labelView({ ...label, ...change });
    });
  });

  app.delete('/api/labels/:id', async (request, reply) => {
    await store.transaction().execute(async (transaction) => {
      const { id } = await labelOf(request, transaction);
      await deleteLabel(transaction, id);
    });
    return reply.code(204).send();
  });
}

async function labelOf(request: FastifyRequest, store: Store): Promise<LabelRow> {
  const label = await findLabel(store, idOf(request));
  if (label === undefined) throw new ApiError(404, { detail: 'No Label matches the given query.' });
  return label;
}

function siblingsOf(store: Store, { project_id, task_id }: LabelRow): Promise<LabelRow[]> {
  return project_id === null
    ? labelsOfTask(store, { id: task_id ?? 0, project_id })
    : labelsOfProject(store, project_id);
}

/** Whose labels the query asks for. (CVAT answers 500 for a parent that does not exist.) */
async function ownerOf(store: Store, query: z.output<typeof labelListQuery>) {
  if (query.project_id !== undefined) {
    if ((await findProject(store, query.project_id)) === undefined) throw notFound('Project');
    return { project_id: query.project_id, task_id: null };
  }
  if (query.task_id !== undefined) {
    const task = await findTask(store, query.task_id);
    if (task === undefined) throw notFound('Task');
    return { project_id: task.project_id, task_id: task.id };
  }
  if (query.job_id !== undefined) {
    const found = await findJob(store, query.job_id);
    if (found === undefined) throw notFound('Job');
    return { project_id: found.task.project_id, task_id: found.task.id };
  }
  return { project_id: null, task_id: null };
}
