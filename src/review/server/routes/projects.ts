import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, windowOf } from '../paging.js';
import { originOf } from '../security.js';
import {
  createProject,
  findProject,
  insertLabels,
  labelsOfProject,
  listProjects,
  tasksOfProject,
  updateProject,
} from '../store/projects.js';
import { parse, title } from '../validation.js';
import { projectView } from '../views.js';
import { idOf } from './ids.js';
import { labelsInput } from './label-input.js';

const newProject = z.object({
  name: title(256),
  labels: labelsInput.default([]),
  bug_tracker: z.string().max(2000).default(''),
});

const projectChange = z.object({ name: title(256).optional(), labels: labelsInput.default([]) });

const listQuery = z.object({ name: z.string().optional(), search: z.string().optional() });

export function projectRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  app.post('/api/projects', async (request, reply) => {
    const { name, labels, bug_tracker: bugTracker } = parse(newProject, request.body);
    const project = await createProject(store, { name, labels, bugTracker });
    const view = projectView(originOf(request), project, []);
    return reply.code(201).header('location', view.url).send(view);
  });

  app.get('/api/projects', async (request) => {
    const page = pageOf(request);
    const { count, rows } = await listProjects(store, parse(listQuery, request.query), windowOf(page));
    const views = [];
    for (const row of rows) views.push(projectView(originOf(request), row, await tasksOfProject(store, row.id)));
    return pageBody(request, page, count, views);
  });

  // Of a project, only labels can be added and the name be changed here.
  app.patch('/api/projects/:id', async (request) => {
    const id = idOf(request);
    const { labels, name } = parse(projectChange, request.body);
    await store.transaction().execute(async (transaction) => {
      if ((await findProject(transaction, id)) === undefined) throw notFound('Project');
      const known = new Set((await labelsOfProject(transaction, id)).map((label) => label.name));
      if (labels.some((label) => known.has(label.name))) throw refused('All label names must be unique');
      await insertLabels(transaction, { project_id: id, task_id: null }, labels);
      await updateProject(transaction, id, name === undefined ? {} : { name });
    });
    const project = await findProject(store, id);
    if (project === undefined) throw notFound('Project');
    return projectView(originOf(request), project, await tasksOfProject(store, id));
  });

  app.get('/api/projects/:id', async (request) => {
    const project = await findProject(store, idOf(request));
    if (project === undefined) throw notFound('Project');
    return projectView(originOf(request), project, await tasksOfProject(store, project.id));
  });
}
