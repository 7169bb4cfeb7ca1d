import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { ApiError, notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import type { Store } from '../store/database.js';
import { findJob } from '../store/jobs.js';
import {
  deleteLabel,
  findLabel,
  findProject,
  labelColumns,
  labelsOfProject,
  labelsOfTask,
  updateLabel,
} from '../store/projects.js';
import type { LabelRow, TaskRow } from '../store/schema.js';
import { findTask } from '../store/tasks.js';
import { choice, integer, parse } from '../validation.js';
import { labelView } from '../views.js';
import { idOf } from './ids.js';
import { labelChange, labelTypes } from './label-input.js';

const text = z.string().optional();

export const labelList: ListFields = {
  columns: labelColumns,
  search: ['name', 'parent'],
  query: z.object({ name: text, parent: text, type: choice(labelTypes).optional(), color: text, parent_id: text }),
  // In the order in which they were given.
  defaultSort: 'id',
};

/** Labels of a task or of a job may be those of its project. */
export const labelOwner = z.object({
  project_id: integer(0).optional(),
  task_id: integer(0).optional(),
  job_id: integer(0).optional(),
});

export function labelRoutes(app: FastifyInstance, { store, versions }: ReviewContext): void {
  app.get('/api/labels', async (request) => {
    const page = pageOf(request, labelList);
    const owner = await ownerOf(store, parse(labelOwner, request.query));
    const filter = sql<boolean>`${owner} and ${page.filter}`;
    const { count, rows } = await rowsOf<LabelRow>(store, { ...page, filter }, sql.table('labels'));
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
    const tasks = await store.transaction().execute(async (transaction) => {
      const { id } = await labelOf(request, transaction);
      const changed = await deleteLabel(transaction, id);
      versions.advance(...changed);
      return changed;
    });
    versions.advance(...tasks);
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

/** Whose labels the query asks for, as a condition. (CVAT answers 500 for a parent that does not exist.) */
async function ownerOf(store: Store, query: z.output<typeof labelOwner>) {
  if (query.project_id !== undefined) {
    if ((await findProject(store, query.project_id)) === undefined) throw notFound('Project');
    return belongingTo({ id: 0, project_id: query.project_id });
  }
  if (query.task_id !== undefined) {
    const task = await findTask(store, query.task_id);
    if (task === undefined) throw notFound('Task');
    return belongingTo(task);
  }
  if (query.job_id !== undefined) {
    const found = await findJob(store, query.job_id);
    if (found === undefined) throw notFound('Job');
    return belongingTo(found.task);
  }
  return sql`1`;
}

function belongingTo({ id, project_id }: Pick<TaskRow, 'id' | 'project_id'>) {
  return project_id === null ? sql`labels.task_id = ${id}` : sql`labels.project_id = ${project_id}`;
}
