import { atomically, type Store } from './database.js';
import type { FrameRange, Target } from './annotations.js';
import { touchJobs } from './jobs.js';
import type { PictureRow } from './schema.js';
import { touchTask } from './tasks.js';

/** Numbers per statement: SQLite takes at most 32,766 parameters. */
const framesPerUpdate = 10_000;

/** A picture that has arrived and lies on disk, before any table knows it. */
export interface ReceivedPicture {
  name: string;
  /** Name inside the task's picture folder. */
  file: string;
  sha256: string;
}

/** In the order of arrival. */
export function picturesOfTask(store: Store, taskId: number): Promise<PictureRow[]> {
  return store.selectFrom('pictures').selectAll().where('task_id', '=', taskId).orderBy('id').execute();
}

export function findPicture(store: Store, taskId: number, name: string): Promise<PictureRow | undefined> {
  return store
    .selectFrom('pictures')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('name', '=', name)
    .executeTakeFirst();
}

export async function insertPicture(store: Store, taskId: number, picture: ReceivedPicture): Promise<void> {
  await store
    .insertInto('pictures')
    .values({ task_id: taskId, ...picture })
    .execute();
}

/** A picture that became a frame of its task, with its size in pixels. */
export interface Frame {
  id: number;
  frame: number;
  name: string;
  file: string;
  width: number;
  height: number;
  deleted: number;
}

/** In frame order. Without a range, all of them. */
export async function framesOfTask(store: Store, taskId: number, range?: FrameRange): Promise<Frame[]> {
  let query = store.selectFrom('pictures');
  if (range !== undefined) query = query.where('frame', '>=', range.from).where('frame', '<=', range.to);
  return query
    .select(['id', 'frame', 'name', 'file', 'width', 'height', 'deleted'])
    .where('task_id', '=', taskId)
    .where('frame', 'is not', null)
    .orderBy('frame')
    .$narrowType<{ frame: number; width: number; height: number }>()
    .execute();
}

export function frameOfTask(store: Store, taskId: number, frame: number): Promise<PictureRow | undefined> {
  return store
    .selectFrom('pictures')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('frame', '=', frame)
    .executeTakeFirst();
}

/** Leaves out these frames of the target, and takes back all others of it. Frames it does not have are passed over. */
export async function deleteFrames(store: Store, { task, frames }: Target, deleted: readonly number[]): Promise<void> {
  await atomically(store, async (transaction) => {
    const update = (value: number) =>
      transaction
        .updateTable('pictures')
        .set({ deleted: value })
        .where('task_id', '=', task.id)
        .where('frame', '>=', frames.from)
        .where('frame', '<=', frames.to);
    await update(0).execute();
    for (let start = 0; start < deleted.length; start += framesPerUpdate) {
      await update(1)
        .where('frame', 'in', deleted.slice(start, start + framesPerUpdate))
        .execute();
    }
    await touchJobs(transaction, task.id, frames);
    await touchTask(transaction, task);
  });
}

/** Every picture file that is known, by task. */
export async function pictureFiles(store: Store): Promise<Map<number, Set<string>>> {
  const files = new Map<number, Set<string>>();
  for (const { task_id, file } of await store.selectFrom('pictures').select(['task_id', 'file']).execute()) {
    files.set(task_id, (files.get(task_id) ?? new Set()).add(file));
  }
  return files;
}
