import { refused } from '../api-error.js';
import type { AnnotationInput } from '../annotation-schema.js';
import { atomically, type Store } from './database.js';
import { touchJobs } from './jobs.js';
import { labelsOfTask } from './projects.js';
import type { AnnotationRow, TaskRow } from './schema.js';
import { touchTask } from './tasks.js';

/** Per statement: SQLite takes at most 32,766 parameters, a row has six. */
const rowsPerStatement = 1000;

/** Both ends belong to it. */
export interface FrameRange {
  from: number;
  to: number;
}

/** The whole of a task, or the frames of one of its jobs: nothing outside of them is read or changed. */
export interface Target {
  task: TaskRow;
  frames: FrameRange;
}

/** In the order in which they were stored. */
export function annotationsOf(store: Store, taskId: number, frames?: FrameRange): Promise<AnnotationRow[]> {
  let query = store.selectFrom('annotations').selectAll().where('task_id', '=', taskId);
  if (frames !== undefined) query = query.where('frame', '>=', frames.from).where('frame', '<=', frames.to);
  return query.orderBy('id').execute();
}

/**
 * Takes these in place of everything there was. All or nothing; frames the target does not have are left out, as CVAT
 * does.
 * @returns what was stored
 */
export async function replaceAnnotations(
  store: Store,
  target: Target,
  given: AnnotationInput[],
): Promise<AnnotationRow[]> {
  return inTransaction(store, target, given, async (transaction) => {
    await transaction
      .deleteFrom('annotations')
      .where('task_id', '=', target.task.id)
      .where('frame', '>=', target.frames.from)
      .where('frame', '<=', target.frames.to)
      .execute();
    return { stored: await insert(transaction, target, given), touched: target.frames };
  });
}

/** Adds these to what there is: sent twice, they are there twice. */
export async function addAnnotations(store: Store, target: Target, given: AnnotationInput[]): Promise<AnnotationRow[]> {
  return inTransaction(store, target, given, async (transaction) => ({
    stored: await insert(transaction, target, given),
    touched: rangeOf(given),
  }));
}

/** Changes those whose ids exist in the target, and adds the others. */
export async function changeAnnotations(
  store: Store,
  target: Target,
  given: AnnotationInput[],
): Promise<AnnotationRow[]> {
  return inTransaction(store, target, given, async (transaction) => {
    const stored: AnnotationRow[] = [];
    const fresh: AnnotationInput[] = [];
    // A box may have come from any frame.
    const before = await framesOf(transaction, target.task.id, given);
    for (const annotation of given) {
      const changed = await update(transaction, target, annotation);
      if (changed === undefined) fresh.push(annotation);
      else stored.push(changed);
    }
    stored.push(...(await insert(transaction, target, fresh)));
    return { stored, touched: rangeOf([...given, ...before]) };
  });
}

/** Removes those whose ids exist in the target. */
export async function removeAnnotations(store: Store, target: Target, given: AnnotationInput[]): Promise<void> {
  await store.transaction().execute(async (transaction) => {
    for (const { id, kind } of given) {
      if (id == null) continue;
      await transaction
        .deleteFrom('annotations')
        .where('task_id', '=', target.task.id)
        .where('frame', '>=', target.frames.from)
        .where('frame', '<=', target.frames.to)
        .where('kind', '=', kind)
        .where('id', '=', id)
        .execute();
    }
    await touch(transaction, target.task, rangeOf(given));
  });
}

async function inTransaction(
  store: Store,
  { task }: Target,
  given: AnnotationInput[],
  write: (transaction: Store) => Promise<{ stored: AnnotationRow[]; touched: FrameRange }>,
): Promise<AnnotationRow[]> {
  return atomically(store, async (transaction) => {
    await checkLabels(transaction, task, given);
    const { stored, touched } = await write(transaction);
    await touch(transaction, task, touched);
    return stored;
  });
}

async function checkLabels(store: Store, task: TaskRow, given: AnnotationInput[]): Promise<void> {
  const known = new Set((await labelsOfTask(store, task)).map(({ id }) => id));
  const unknown = given.find(({ labelId }) => !known.has(labelId));
  if (unknown !== undefined) throw refused(`label_id \`${unknown.labelId}\` is invalid`);
}

async function insert(store: Store, { task, frames }: Target, given: AnnotationInput[]): Promise<AnnotationRow[]> {
  // Ids are given out here, because SQLite does not promise the order in which `returning` reports them.
  const last = await store
    .selectFrom('sqlite_sequence' as never)
    .select('seq' as never)
    .where('name' as never, '=', 'annotations' as never)
    .executeTakeFirst();
  let id = (last as { seq: number } | undefined)?.seq ?? 0;
  const rows = given
    .filter(({ frame }) => frame >= frames.from && frame <= frames.to)
    .map(({ kind, frame, labelId, body }) => {
      id += 1;
      return { id, task_id: task.id, kind, frame, label_id: labelId, body: JSON.stringify(body) };
    });
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    await store
      .insertInto('annotations')
      .values(rows.slice(start, start + rowsPerStatement))
      .execute();
  }
  return rows;
}

async function update(
  store: Store,
  { task, frames }: Target,
  annotation: AnnotationInput,
): Promise<AnnotationRow | undefined> {
  const { frame } = annotation;
  if (annotation.id == null || frame < frames.from || frame > frames.to) return undefined;
  return store
    .updateTable('annotations')
    .set({ frame: annotation.frame, label_id: annotation.labelId, body: JSON.stringify(annotation.body) })
    .where('task_id', '=', task.id)
    .where('frame', '>=', frames.from)
    .where('frame', '<=', frames.to)
    .where('kind', '=', annotation.kind)
    .where('id', '=', annotation.id)
    .returningAll()
    .executeTakeFirst();
}

/** Where those of these that have ids are now. */
async function framesOf(store: Store, taskId: number, given: AnnotationInput[]): Promise<{ frame: number }[]> {
  const ids = given.flatMap(({ id }) => id ?? []);
  const rows: { frame: number }[] = [];
  for (let start = 0; start < ids.length; start += rowsPerStatement) {
    const some = ids.slice(start, start + rowsPerStatement);
    const query = store.selectFrom('annotations').select('frame').distinct().where('task_id', '=', taskId);
    rows.push(...(await query.where('id', 'in', some).execute()));
  }
  return rows;
}

async function touch(store: Store, task: TaskRow, frames: FrameRange): Promise<void> {
  await touchJobs(store, task.id, frames);
  await touchTask(store, task);
}

/** From the first to the last frame of these; empty (it ends before it begins) for none. */
function rangeOf(given: readonly { frame: number }[]): FrameRange {
  return given.reduce(({ from, to }, { frame }) => ({ from: Math.min(from, frame), to: Math.max(to, frame) }), {
    from: Number.MAX_SAFE_INTEGER,
    to: -1,
  });
}
