import { sql } from 'kysely';
import type { Columns } from '../json-filter.js';
import { always, nothing, now, ownerName, type Store } from './database.js';
import type { LabelRow, ProjectRow, TaskRow } from './schema.js';

export interface NewLabel {
  name: string;
  color?: string | undefined;
  type: string;
}

export async function createProject(
  store: Store,
  project: { name: string; bugTracker: string; labels: NewLabel[] },
): Promise<ProjectRow> {
  return store.transaction().execute(async (transaction) => {
    const date = now();
    const row = await transaction
      .insertInto('projects')
      .values({ name: project.name, bug_tracker: project.bugTracker, created_date: date, updated_date: date })
      .returningAll()
      .executeTakeFirstOrThrow();
    await insertLabels(transaction, { project_id: row.id, task_id: null }, project.labels);
    return row;
  });
}

export async function insertLabels(
  store: Store,
  owner: { project_id: number | null; task_id: number | null },
  labels: NewLabel[],
): Promise<void> {
  let query = store.selectFrom('labels').select((one) => one.fn.countAll<number>().as('count'));
  if (owner.project_id !== null) query = query.where('project_id', '=', owner.project_id);
  if (owner.task_id !== null) query = query.where('task_id', '=', owner.task_id);
  let { count } = await query.executeTakeFirstOrThrow();
  for (const { name, type, color = labelColors[count % labelColors.length] ?? '' } of labels) {
    await store
      .insertInto('labels')
      .values({ ...owner, name, type, color })
      .execute();
    count += 1;
  }
}

/**
 * For labels that come without a colour: those that people with any kind of colour vision tell apart (Okabe and Ito,
 * "Color Universal Design", 2008), the ones that stand out from grass, road and sky first.
 */
const labelColors = ['#56b4e9', '#e69f00', '#cc79a7', '#f0e442', '#d55e00', '#ffffff', '#0072b2', '#009e73'];

export function findProject(store: Store, id: number): Promise<ProjectRow | undefined> {
  return store.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function updateProject(
  store: Store,
  id: number,
  change: { name?: string; bug_tracker?: string },
): Promise<void> {
  await store
    .updateTable('projects')
    .set({ ...change, updated_date: now() })
    .where('id', '=', id)
    .execute();
}

export const projectColumns: Columns = {
  id: sql.ref('projects.id'),
  name: sql.ref('projects.name'),
  owner: ownerName,
  assignee: nothing,
  status: always('annotation'),
  created_date: sql.ref('projects.created_date'),
  updated_date: sql.ref('projects.updated_date'),
};

/** What the view of a project says about its tasks. */
export async function tasksOfProject(store: Store, projectId: number): Promise<Pick<TaskRow, 'id' | 'subset'>[]> {
  return store.selectFrom('tasks').select(['id', 'subset']).where('project_id', '=', projectId).orderBy('id').execute();
}

export function labelsOfProject(store: Store, projectId: number): Promise<LabelRow[]> {
  return store.selectFrom('labels').selectAll().where('project_id', '=', projectId).orderBy('id').execute();
}

/** The labels of a task: its own, or those of its project. In the order in which they were given. */
export function labelsOfTask(store: Store, task: Pick<TaskRow, 'id' | 'project_id'>): Promise<LabelRow[]> {
  if (task.project_id !== null) return labelsOfProject(store, task.project_id);
  return store.selectFrom('labels').selectAll().where('task_id', '=', task.id).orderBy('id').execute();
}

/** Removes a project with its labels and tasks, except their files. */
export async function deleteProject(store: Store, id: number): Promise<void> {
  await store.deleteFrom('projects').where('id', '=', id).execute();
}

export const labelColumns: Columns = {
  id: sql.ref('labels.id'),
  name: sql.ref('labels.name'),
  color: sql.ref('labels.color'),
  type: sql.ref('labels.type'),
  project_id: sql.ref('labels.project_id'),
  task_id: sql.ref('labels.task_id'),
  // This server has no skeletons, whose parts are labels inside another.
  parent: nothing,
  parent_id: nothing,
};

export function findLabel(store: Store, id: number): Promise<LabelRow | undefined> {
  return store.selectFrom('labels').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function updateLabel(
  store: Store,
  id: number,
  change: Partial<Pick<LabelRow, 'name' | 'color' | 'type'>>,
): Promise<void> {
  if (Object.keys(change).length > 0) await store.updateTable('labels').set(change).where('id', '=', id).execute();
}

/**
 * Removes a label with the annotations that have it, as CVAT does.
 * @returns the tasks that have lost annotations
 */
export async function deleteLabel(store: Store, id: number): Promise<number[]> {
  const tasks = await store.selectFrom('annotations').select('task_id').distinct().where('label_id', '=', id).execute();
  await store.deleteFrom('annotations').where('label_id', '=', id).execute();
  await store.deleteFrom('labels').where('id', '=', id).execute();
  return tasks.map(({ task_id }) => task_id);
}
