import type { FastifyRequest } from 'fastify';
import { ApiError, notFound } from '../api-error.js';
import type { Store } from '../store/database.js';
import { findJob, type JobOfTask } from '../store/jobs.js';
import type { FrameRange } from '../store/annotations.js';
import type { JobRow, TaskRow } from '../store/schema.js';
import { findTask } from '../store/tasks.js';

/** The number in the path. @throws ApiError 404 when it is none */
export function idOf(request: FastifyRequest): number {
  const { id = '' } = request.params as { id?: string };
  if (!/^\d{1,15}$/.test(id)) throw new ApiError(404, { detail: 'Not found.' });
  return Number(id);
}

/** The task in the path. @throws ApiError 404 */
export async function taskOf(request: FastifyRequest, store: Store): Promise<TaskRow> {
  const task = await findTask(store, idOf(request));
  if (task === undefined) throw notFound('Task');
  return task;
}

/** The job in the path. @throws ApiError 404 */
export async function jobOf(request: FastifyRequest, store: Store): Promise<JobOfTask> {
  const found = await findJob(store, idOf(request));
  if (found === undefined) throw notFound('Job');
  return found;
}

/** Tasks and jobs have many routes in common: a job is a part of its task. */
export const owners = ['tasks', 'jobs'] as const;

/** What a route of a task or a job is about. */
export interface Scope {
  task: TaskRow;
  /** Undefined where it is about the whole task. */
  job: JobRow | undefined;
  frames: FrameRange;
}

/** The task or job in the path. @throws ApiError 404 */
export async function scopeOf(request: FastifyRequest, store: Store): Promise<Scope> {
  if (request.url.startsWith('/api/jobs/')) {
    const { job, task } = await jobOf(request, store);
    return { job, task, frames: { from: job.start_frame, to: job.stop_frame } };
  }
  const task = await taskOf(request, store);
  return { job: undefined, task, frames: { from: 0, to: task.size - 1 } };
}
