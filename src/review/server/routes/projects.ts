import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { notFound } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, windowOf } from '../paging.js';
import { originOf } from '../security.js';
import { createProject, findProject, listProjects, tasksOfProject } from '../store/projects.js';
import { parse, title } from '../validation.js';
import { projectView } from '../views.js';
import { idOf } from './ids.js';
import { labelsInput } from './label-input.js';

const newProject = z.object({
  name: title(256),
  labels: labelsInput.default([]),
  bug_tracker: z.string().max(2000).default(''),
});

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

  app.get('/api/projects/:id', async (request) => {
    const project = await findProject(store, idOf(request));
    if (project === undefined) throw notFound('Project');
    return projectView(originOf(request), project, await tasksOfProject(store, project.id));
  });
}
