import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ApiError, invalidChoice, invalidField, notFound } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { listingOf, pageBody, pageOf } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { jobStages, jobStates } from '../status.js';
import { jobColumns, listJobs, updateJob } from '../store/jobs.js';
import { findProject } from '../store/projects.js';
import { findTask } from '../store/tasks.js';
import { integer, parse } from '../validation.js';
import { jobView, userId } from '../views.js';
import { jobOf } from './ids.js';

const jobTypes = ['annotation', 'ground_truth', 'replica', 'consensus_replica'];

export const jobListQuery = z.object({
  task_id: z.string().optional(),
  project_id: z.string().optional(),
  type: z.string().optional(),
  state: z.string().optional(),
  stage: z.string().optional(),
});

export const jobChange = z.object({
  state: z.enum(jobStates).optional(),
  stage: z.enum(jobStages).optional(),
  assignee: integer(0).nullable().optional(),
});

export function jobRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  app.get('/api/jobs', async (request) => {
    const page = pageOf(request, jobColumns);
    const query = parse(jobListQuery, request.query);
    const { type } = query;
    choice('type', type, jobTypes);
    const filter = {
      task_id: await existing('task_id', query.task_id, (id) => findTask(store, id)),
      project_id: await existing('project_id', query.project_id, (id) => findProject(store, id)),
      state: choice('state', query.state, jobStates),
      stage: choice('stage', query.stage, jobStages),
    };
    // All jobs here are annotation jobs.
    if (type !== undefined && type !== 'annotation') return pageBody(request, page, 0, []);
    const { count, rows } = await listJobs(store, filter, listingOf(page));
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

/** The id of a filter. @throws ApiError 400 when there is no such object, as CVAT does: also for deleted tasks */
async function existing(field: string, text: string | undefined, find: (id: number) => Promise<unknown>) {
  if (text === undefined) return undefined;
  const id = Number(text);
  if (!Number.isSafeInteger(id) || (await find(id)) === undefined) throw invalidChoice(field);
  return id;
}

function choice<Value extends string>(field: string, value: string | undefined, choices: readonly Value[]) {
  if (value === undefined) return undefined;
  const known = choices.find((one) => one === value);
  if (known === undefined) throw invalidChoice(field, value);
  return known;
}
