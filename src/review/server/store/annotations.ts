import { refused } from '../api-error.js';
import type { AnnotationInput } from '../annotation-schema.js';
import type { Store } from './database.js';
import { touchJobs } from './jobs.js';
import { labelsOfTask } from './projects.js';
import type { AnnotationRow, TaskRow } from './schema.js';
import { touchTask } from './tasks.js';

/** Rows per statement: SQLite takes at most 32,766 parameters, a row has six. */
const rowsPerInsert = 1000;

/** In the order in which they were stored. */
export function annotationsOf(
  store: Store,
  taskId: number,
  frames?: { from: number; to: number },
): Promise<AnnotationRow[]> {
  let query = store.selectFrom('annotations').selectAll().where('task_id', '=', taskId);
  if (frames !== undefined) query = query.where('frame', '>=', frames.from).where('frame', '<=', frames.to);
  return query.orderBy('id').execute();
}

/**
 * Takes these in place of everything there was. All or nothing; frames the task does not have are left out, as CVAT does.
 * @returns what was stored
 */
export async function replaceAnnotations(
  store: Store,
  task: TaskRow,
  given: AnnotationInput[],
): Promise<AnnotationRow[]> {
  return store.transaction().execute(async (transaction) => {
    await checkLabels(transaction, task, given);
    await transaction.deleteFrom('annotations').where('task_id', '=', task.id).execute();
    const stored = await insert(transaction, task, given);
    await touch(transaction, task);
    return stored;
  });
}

/** Adds these to what there is: sent twice, they are there twice. */
export async function addAnnotations(store: Store, task: TaskRow, given: AnnotationInput[]): Promise<AnnotationRow[]> {
  return store.transaction().execute(async (transaction) => {
    await checkLabels(transaction, task, given);
    const stored = await insert(transaction, task, given);
    await touch(transaction, task, given);
    return stored;
  });
}

/** Changes those whose ids exist in this task, and adds the others. */
export async function changeAnnotations(
  store: Store,
  task: TaskRow,
  given: AnnotationInput[],
): Promise<AnnotationRow[]> {
  return store.transaction().execute(async (transaction) => {
    await checkLabels(transaction, task, given);
    const stored: AnnotationRow[] = [];
    const fresh: AnnotationInput[] = [];
    for (const annotation of given) {
      const changed = await update(transaction, task, annotation);
      if (changed === undefined) fresh.push(annotation);
      else stored.push(changed);
    }
    stored.push(...(await insert(transaction, task, fresh)));
    await touch(transaction, task);
    return stored;
  });
}

/** Removes those whose ids exist in this task. */
export async function removeAnnotations(store: Store, task: TaskRow, given: AnnotationInput[]): Promise<void> {
  await store.transaction().execute(async (transaction) => {
    for (const { id, kind } of given) {
      if (id == null) continue;
      await transaction
        .deleteFrom('annotations')
        .where('task_id', '=', task.id)
        .where('kind', '=', kind)
        .where('id', '=', id)
        .execute();
    }
    await touch(transaction, task, given);
  });
}

async function checkLabels(store: Store, task: TaskRow, given: AnnotationInput[]): Promise<void> {
  const known = new Set((await labelsOfTask(store, task)).map(({ id }) => id));
  const unknown = given.find(({ labelId }) => !known.has(labelId));
  if (unknown !== undefined) throw refused(`label_id \`${unknown.labelId}\` is invalid`);
}

async function insert(store: Store, task: TaskRow, given: AnnotationInput[]): Promise<AnnotationRow[]> {
  // Ids are given out here, because SQLite does not promise the order in which `returning` reports them.
  const last = await store
    .selectFrom('sqlite_sequence' as never)
    .select('seq' as never)
    .where('name' as never, '=', 'annotations' as never)
    .executeTakeFirst();
  let id = (last as { seq: number } | undefined)?.seq ?? 0;
  const rows = given
    .filter(({ frame }) => frame < task.size)
    .map(({ kind, frame, labelId, body }) => {
      id += 1;
      return { id, task_id: task.id, kind, frame, label_id: labelId, body: JSON.stringify(body) };
    });
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    await store
      .insertInto('annotations')
      .values(rows.slice(start, start + rowsPerInsert))
      .execute();
  }
  return rows;
}

async function update(store: Store, task: TaskRow, annotation: AnnotationInput): Promise<AnnotationRow | undefined> {
  if (annotation.id == null || annotation.frame >= task.size) return undefined;
  return store
    .updateTable('annotations')
    .set({ frame: annotation.frame, label_id: annotation.labelId, body: JSON.stringify(annotation.body) })
    .where('task_id', '=', task.id)
    .where('kind', '=', annotation.kind)
    .where('id', '=', annotation.id)
    .returningAll()
    .executeTakeFirst();
}

async function touch(store: Store, task: TaskRow, given?: AnnotationInput[]): Promise<void> {
  const frames = given?.map(({ frame }) => frame) ?? [];
  const from = frames.reduce((least, frame) => Math.min(least, frame), given === undefined ? 0 : task.size);
  const to = frames.reduce((most, frame) => Math.max(most, frame), given === undefined ? task.size : -1);
  await touchJobs(store, task.id, { from, to });
  await touchTask(store, task);
}
