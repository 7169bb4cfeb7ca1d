import { sql } from 'kysely';
import { changedJob, type JobStage, type JobState } from '../status.js';
import type { Columns } from '../json-filter.js';
import { rowsOf, type Page } from '../paging.js';
import { always, assigneeName, nothing, now, type Store } from './database.js';
import type { JobRow, TaskRow } from './schema.js';
import { touchTask } from './tasks.js';

/** A job with what its view says about its task. */
export interface JobOfTask {
  job: JobRow;
  task: TaskRow;
}

export async function findJob(store: Store, id: number): Promise<JobOfTask | undefined> {
  const job = await store.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
  if (job === undefined) return undefined;
  const task = await store.selectFrom('tasks').selectAll().where('id', '=', job.task_id).executeTakeFirstOrThrow();
  return { job, task };
}

/** In the order of their frames. */
export function jobsOfTask(store: Store, taskId: number): Promise<JobRow[]> {
  return store.selectFrom('jobs').selectAll().where('task_id', '=', taskId).orderBy('start_frame').execute();
}

export const jobColumns: Columns = {
  id: sql.ref('jobs.id'),
  task_id: sql.ref('jobs.task_id'),
  task_name: sql.ref('tasks.name'),
  project_id: sql.ref('tasks.project_id'),
  project_name: sql`(select projects.name from projects where projects.id = tasks.project_id)`,
  state: sql.ref('jobs.state'),
  stage: sql.ref('jobs.stage'),
  start_frame: sql.ref('jobs.start_frame'),
  stop_frame: sql.ref('jobs.stop_frame'),
  assignee: assigneeName('jobs.assignee_id'),
  type: always('annotation'),
  mode: always('annotation'),
  dimension: always('2d'),
  media_type: always('image'),
  parent_job_id: nothing,
  created_date: sql.ref('jobs.created_date'),
  updated_date: sql.ref('jobs.updated_date'),
};

/** The jobs of a page, each with its task. */
export async function listJobs(store: Store, page: Page): Promise<{ count: number; rows: JobOfTask[] }> {
  const joined = sql`jobs inner join tasks on tasks.id = jobs.task_id`;
  const { count, rows: jobs } = await rowsOf<JobRow>(store, page, joined, sql`jobs.*`);
  const tasks = new Map<number, TaskRow>();
  for (const { task_id: id } of jobs) {
    if (tasks.has(id)) continue;
    tasks.set(id, await store.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow());
  }
  return { count, rows: jobs.map((job) => ({ job, task: tasks.get(job.task_id) as TaskRow })) };
}

export interface JobChange {
  stage?: JobStage | undefined;
  state?: JobState | undefined;
  assignee?: number | null | undefined;
}

export async function updateJob(store: Store, id: number, change: JobChange): Promise<JobOfTask | undefined> {
  return store.transaction().execute(async (transaction) => {
    const found = await findJob(transaction, id);
    if (found === undefined) return undefined;
    await transaction
      .updateTable('jobs')
      .set({
        ...changedJob(found.job, change),
        ...(change.assignee === undefined ? {} : { assignee_id: change.assignee }),
        updated_date: now(),
      })
      .where('id', '=', id)
      .execute();
    await touchTask(transaction, found.task);
    return findJob(transaction, id);
  });
}

/** Notes that the annotations of these frames changed now. */
export async function touchJobs(store: Store, taskId: number, frames: { from: number; to: number }): Promise<void> {
  await store
    .updateTable('jobs')
    .set({ updated_date: now() })
    .where('task_id', '=', taskId)
    .where('start_frame', '<=', frames.to)
    .where('stop_frame', '>=', frames.from)
    .execute();
}
