import { sql } from 'kysely';
import type { Columns } from '../json-filter.js';
import { always, atomically, assigneeName, nothing, now, ownerName, type Store } from './database.js';
import { insertLabels, type NewLabel } from './projects.js';
import type { JobRow, TaskRow } from './schema.js';

export interface NewTask {
  name: string;
  projectId: number | undefined;
  labels: NewLabel[];
  subset: string;
  bugTracker: string;
  segmentSize: number;
  assigneeId: number | null;
}

export async function createTask(store: Store, task: NewTask): Promise<TaskRow> {
  return atomically(store, async (transaction) => {
    const date = now();
    const row = await transaction
      .insertInto('tasks')
      .values({
        name: task.name,
        project_id: task.projectId ?? null,
        subset: task.subset,
        bug_tracker: task.bugTracker,
        assignee_id: task.assigneeId,
        segment_size: task.segmentSize,
        has_data: 0,
        size: 0,
        created_date: date,
        updated_date: date,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await insertLabels(transaction, { project_id: null, task_id: row.id }, task.labels);
    if (task.projectId !== undefined) await touchProject(transaction, task.projectId);
    return row;
  });
}

export function findTask(store: Store, id: number): Promise<TaskRow | undefined> {
  return store.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The rule of `taskStatus`, for the database. */
const status = sql`case
  when not exists (select 1 from jobs where jobs.task_id = tasks.id)
    or exists (select 1 from jobs where jobs.task_id = tasks.id and jobs.stage = 'annotation') then 'annotation'
  when exists (select 1 from jobs where jobs.task_id = tasks.id
    and not (jobs.stage = 'acceptance' and jobs.state = 'completed')) then 'validation'
  else 'completed' end`;

export const taskColumns: Columns = {
  id: sql.ref('tasks.id'),
  name: sql.ref('tasks.name'),
  project_id: sql.ref('tasks.project_id'),
  project_name: sql`(select projects.name from projects where projects.id = tasks.project_id)`,
  subset: sql.ref('tasks.subset'),
  bug_tracker: sql.ref('tasks.bug_tracker'),
  tracker_link: sql.ref('tasks.bug_tracker'),
  owner: ownerName,
  assignee: assigneeName('tasks.assignee_id'),
  status,
  mode: sql`case when tasks.size > 0 then 'annotation' else '' end`,
  dimension: always('2d'),
  media_type: sql`case when tasks.size > 0 then 'image' end`,
  validation_mode: nothing,
  created_date: sql.ref('tasks.created_date'),
  updated_date: sql.ref('tasks.updated_date'),
};

export type TaskChange = Partial<Pick<TaskRow, 'name' | 'subset' | 'bug_tracker' | 'assignee_id'>>;

export async function updateTask(store: Store, id: number, change: TaskChange): Promise<TaskRow | undefined> {
  return store
    .updateTable('tasks')
    .set({ ...change, updated_date: now() })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** Removes a task with everything that belongs to it, except the files. False when there was none. */
export async function deleteTask(store: Store, id: number): Promise<boolean> {
  const { numDeletedRows } = await store.deleteFrom('tasks').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Notes that something in the task changed now; its project changes with it. */
export async function touchTask(store: Store, task: Pick<TaskRow, 'id' | 'project_id'>): Promise<void> {
  await store.updateTable('tasks').set({ updated_date: now() }).where('id', '=', task.id).execute();
  if (task.project_id !== null) await touchProject(store, task.project_id);
}

async function touchProject(store: Store, id: number): Promise<void> {
  await store.updateTable('projects').set({ updated_date: now() }).where('id', '=', id).execute();
}

/** The stage and state of every job of these tasks, by task. */
export async function jobsOfTasks(
  store: Store,
  taskIds: number[],
): Promise<Map<number, Pick<JobRow, 'stage' | 'state'>[]>> {
  const jobs = new Map<number, Pick<JobRow, 'stage' | 'state'>[]>(taskIds.map((id) => [id, []]));
  // Joined by range instead of `in (…)`: SQLite limits the number of parameters.
  if (taskIds.length === 0) return jobs;
  const rows = await store
    .selectFrom('jobs')
    .select(['task_id', 'stage', 'state'])
    .where('task_id', '>=', Math.min(...taskIds))
    .where('task_id', '<=', Math.max(...taskIds))
    .execute();
  for (const { task_id, ...job } of rows) jobs.get(task_id)?.push(job);
  return jobs;
}
