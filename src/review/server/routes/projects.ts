import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import { originOf } from '../access/addresses.js';
import {
  createProject,
  deleteLabel,
  deleteProject,
  findProject,
  insertLabels,
  labelsOfProject,
  projectColumns,
  tasksOfProject,
  updateLabel,
  updateProject,
} from '../store/projects.js';
import type { Store } from '../store/database.js';
import { expireRequestsOf } from '../store/requests.js';
import type { ProjectRow } from '../store/schema.js';
import { statuses } from '../status.js';
import { choice, integer, parse, title } from '../validation.js';
import { projectView } from '../views.js';
import { idOf } from './ids.js';
import { labelChange, labelsInput } from './label-input.js';

export const newProject = z.object({
  name: title(256),
  labels: labelsInput.default([]),
  bug_tracker: z.string().max(2000).default(''),
});

export const projectChange = z.object({
  name: title(256).optional(),
  bug_tracker: z.string().max(2000).optional(),
  labels: z.array(z.looseObject({ id: integer(0).optional(), deleted: z.boolean().optional() })).default([]),
});

const text = z.string().optional();

export const projectList: ListFields = {
  columns: projectColumns,
  search: ['assignee', 'name', 'owner'],
  query: z.object({ name: text, owner: text, assignee: text, status: choice(statuses).optional() }),
};

export function projectRoutes(app: FastifyInstance, { store, folder, versions }: ReviewContext): void {
  app.post('/api/projects', async (request, reply) => {
    const { name, labels, bug_tracker: bugTracker } = parse(newProject, request.body);
    const project = await createProject(store, { name, labels, bugTracker });
    const view = projectView(originOf(request), project, []);
    return reply.code(201).header('location', view.url).send(view);
  });

  app.get('/api/projects', async (request) => {
    const page = pageOf(request, projectList);
    const { count, rows } = await rowsOf<ProjectRow>(store, page, sql.table('projects'));
    const views = [];
    for (const row of rows) views.push(projectView(originOf(request), row, await tasksOfProject(store, row.id)));
    return pageBody(request, page, count, views);
  });

  app.patch('/api/projects/:id', async (request) => {
    const id = idOf(request);
    const { labels, ...change } = parse(projectChange, request.body);
    const tasks = await store.transaction().execute(async (transaction) => {
      if ((await findProject(transaction, id)) === undefined) throw notFound('Project');
      const changed = await changeLabels(transaction, id, labels);
      await updateProject(transaction, id, change);
      versions.advance(...changed);
      return changed;
    });
    versions.advance(...tasks);
    const project = await findProject(store, id);
    if (project === undefined) throw notFound('Project');
    return projectView(originOf(request), project, await tasksOfProject(store, id));
  });

  app.get('/api/projects/:id', async (request) => {
    const project = await findProject(store, idOf(request));
    if (project === undefined) throw notFound('Project');
    return projectView(originOf(request), project, await tasksOfProject(store, project.id));
  });

  app.delete('/api/projects/:id', async (request, reply) => {
    const id = idOf(request);
    const tasks = await store.transaction().execute(async (transaction) => {
      if ((await findProject(transaction, id)) === undefined) throw notFound('Project');
      const removed = await tasksOfProject(transaction, id);
      await expireRequestsOf(transaction, 'project_id', id);
      await deleteProject(transaction, id);
      return removed;
    });
    // After a kill between the two, the next start removes the files.
    for (const task of tasks) {
      await rm(path.join(folder.pictures, String(task.id)), { recursive: true, force: true });
    }
    return reply.code(204).send();
  });
}

/**
 * Adds the labels without an id, changes the others, and removes those that are marked so.
 * @returns the tasks that have lost annotations
 */
async function changeLabels(
  store: Store,
  projectId: number,
  given: z.output<typeof projectChange>['labels'],
): Promise<number[]> {
  const tasks: number[] = [];
  for (const { id, deleted, ...label } of given) {
    const known = await labelsOfProject(store, projectId);
    if (known.some((one) => one.id !== id && one.name === label['name'] && deleted !== true)) {
      throw refused('All label names must be unique');
    }
    if (id === undefined) {
      await insertLabels(store, { project_id: projectId, task_id: null }, parse(labelsInput, [label]));
      continue;
    }
    if (!known.some((one) => one.id === id)) throw refused(`Not found label with id #${id}`);
    if (deleted === true) tasks.push(...(await deleteLabel(store, id)));
    else await updateLabel(store, id, parse(labelChange, label));
  }
  return tasks;
}
