import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ApiError, invalidField, notFound } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, type ListFields } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { dimensions, jobStages, jobStates, mediaTypes, modes } from '../status.js';
import { jobColumns, listJobs, updateJob } from '../store/jobs.js';
import { findProject } from '../store/projects.js';
import { findTask } from '../store/tasks.js';
import { choice, integer, objectId, parse, requireObject } from '../validation.js';
import { jobView, userId } from '../views.js';
import { jobOf } from './ids.js';

const text = z.string().optional();

export const jobList: ListFields = {
  columns: jobColumns,
  search: ['assignee', 'project_name', 'task_name'],
  query: z.object({
    ...{ task_name: text, project_name: text, assignee: text },
    state: choice(jobStates).optional(),
    stage: choice(jobStages).optional(),
    // All jobs here are annotation jobs; the last two are one kind, by its newer and its older name.
    type: choice(['annotation', 'ground_truth', 'replica', 'consensus_replica']).optional(),
    mode: choice(modes).optional(),
    dimension: choice(dimensions).optional(),
    media_type: choice(mediaTypes).optional(),
    task_id: objectId().optional(),
    project_id: objectId().optional(),
    parent_job_id: integer(0).optional(),
  }),
};

export const jobChange = z.object({
  state: z.enum(jobStates).optional(),
  stage: z.enum(jobStages).optional(),
  assignee: integer(0).nullable().optional(),
});

export function jobRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  app.get('/api/jobs', async (request) => {
    const page = pageOf(request, jobList);
    await requireObject(request, 'task_id', (id) => findTask(store, id));
    await requireObject(request, 'project_id', (id) => findProject(store, id));
    const { count, rows } = await listJobs(store, page);
    const views = rows.map(({ job, task }) => jobView(originOf(request), job, task));
    return pageBody(request, page, count, views);
  });

  app.get('/api/jobs/:id', async (request) => {
    const { job, task } = await jobOf(request, store);
    return jobView(originOf(request), job, task);
  });

  app.patch('/api/jobs/:id', async (request) => {
    const { job } = await jobOf(request, store);
    const unknown = Object.keys(request.body ?? {}).filter((key) => !(key in jobChange.shape));
    if (unknown.length > 0) throw new ApiError(403, { detail: 'Attempted to update an unknown field' });
    const change = parse(jobChange, request.body);
    if (change.assignee != null && change.assignee !== userId) {
      throw invalidField('assignee', `Invalid pk "${change.assignee}" - object does not exist.`);
    }
    const changed = await updateJob(store, job.id, change);
    if (changed === undefined) throw notFound('Job');
    return jobView(originOf(request), changed.job, changed.task);
  });
}
