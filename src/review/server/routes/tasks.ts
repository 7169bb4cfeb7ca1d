import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sql } from 'kysely';
import { ApiError, notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { findProject } from '../store/projects.js';
import { expireRequestsOf } from '../store/requests.js';
import type { TaskRow } from '../store/schema.js';
import { createTask, deleteTask, findTask, jobsOfTasks, taskColumns, updateTask } from '../store/tasks.js';
import { dimensions, mediaTypes, modes, statuses } from '../status.js';
import { choice, integer, objectId, parse, requireObject, title } from '../validation.js';
import { taskView, userId } from '../views.js';
import { isSubsetName } from '../file-names.js';
import { idOf, taskOf } from './ids.js';
import { labelsInput } from './label-input.js';

const subset = z
  .string()
  .max(64)
  .refine(
    (name) => name === '' || isSubsetName(name),
    'A subset is made of letters, digits, - and _, and is no word that a dataset uses itself.',
  );

const changeable = {
  name: title(256),
  subset,
  bug_tracker: z.string().max(2000),
  assignee_id: integer(userId, userId).nullable(),
};

export const newTask = z.object({
  name: changeable.name,
  project_id: integer(0).nullish(),
  labels: labelsInput.default([]),
  subset: subset.default(''),
  bug_tracker: changeable.bug_tracker.default(''),
  assignee_id: changeable.assignee_id.default(null),
  segment_size: integer(0).default(0),
  // Refused when they ask for something, because silence would promise it.
  overlap: integer(0, 0).nullish(),
  consensus_replicas: integer(0, 0).nullish(),
  initial_replicas: integer(0, 0).nullish(),
});

export const taskChange = z.object(changeable).partial();

const text = z.string().optional();

export const taskList: ListFields = {
  columns: taskColumns,
  search: ['assignee', 'name', 'owner', 'project_name', 'subset', 'tracker_link'],
  query: z.object({
    ...{ project_name: text, name: text, owner: text, assignee: text, subset: text, tracker_link: text },
    status: choice(statuses).optional(),
    mode: choice(modes).optional(),
    dimension: choice(dimensions).optional(),
    media_type: choice(mediaTypes).optional(),
    validation_mode: choice(['gt', 'gt_pool']).optional(),
    project_id: objectId().optional(),
  }),
};

export function taskRoutes(app: FastifyInstance, { store, folder, events }: ReviewContext): void {
  app.post('/api/tasks', async (request, reply) => {
    const input = parse(newTask, request.body);
    const projectId = input.project_id ?? undefined;
    if (projectId !== undefined && input.labels.length > 0) {
      throw refused('Task must have only one of Label set or project_id');
    }
    if (projectId === undefined && input.labels.length === 0) {
      throw refused('Label set or project_id must be present');
    }
    if (projectId !== undefined && (await findProject(store, projectId)) === undefined) {
      throw refused('Project matching query does not exist.');
    }
    const task = await createTask(store, {
      name: input.name,
      projectId,
      labels: input.labels,
      subset: input.subset,
      bugTracker: input.bug_tracker,
      segmentSize: input.segment_size,
      assigneeId: input.assignee_id,
    });
    const view = taskView(originOf(request), task, []);
    await events.task('create', task, [], originOf(request));
    return reply.code(201).header('location', view.url).send(view);
  });

  app.get('/api/tasks', async (request) => {
    const page = pageOf(request, taskList);
    await requireObject(request, 'project_id', (id) => findProject(store, id));
    const { count, rows } = await rowsOf<TaskRow>(store, page, sql.table('tasks'));
    const ids = rows.map(({ id }) => id);
    const jobs = await jobsOfTasks(store, ids);
    const views = rows.map((task) => taskView(originOf(request), task, jobs.get(task.id) ?? []));
    return pageBody(request, page, count, views);
  });

  app.get('/api/tasks/:id', async (request) => {
    const task = await taskOf(request, store);
    return taskView(originOf(request), task, (await jobsOfTasks(store, [task.id])).get(task.id) ?? []);
  });

  app.patch('/api/tasks/:id', async (request) => {
    const { id } = await taskOf(request, store);
    const unknown = Object.keys(request.body ?? {}).filter((key) => !(key in changeable));
    if (unknown.length > 0) throw new ApiError(403, { detail: 'Attempted to update an unknown field' });
    const task = await updateTask(store, id, parse(taskChange, request.body));
    if (task === undefined) throw notFound('Task');
    return taskView(originOf(request), task, (await jobsOfTasks(store, [id])).get(id) ?? []);
  });

  app.delete('/api/tasks/:id', async (request, reply) => {
    const id = idOf(request);
    await store.transaction().execute(async (transaction) => {
      if ((await findTask(transaction, id)) === undefined) throw notFound('Task');
      await expireRequestsOf(transaction, 'task_id', id);
      await deleteTask(transaction, id);
    });
    // After a kill between the two, the next start removes the files.
    await rm(path.join(folder.pictures, String(id)), { recursive: true, force: true });
    return reply.code(204).send();
  });
}
