import type { Store } from './database.js';
import type { FrameRange } from './annotations.js';
import type { PictureRow } from './schema.js';

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
}

/** In frame order. Without a range, all of them. */
export async function framesOfTask(store: Store, taskId: number, range?: FrameRange): Promise<Frame[]> {
  let query = store.selectFrom('pictures');
  if (range !== undefined) query = query.where('frame', '>=', range.from).where('frame', '<=', range.to);
  return query
    .select(['id', 'frame', 'name', 'file', 'width', 'height'])
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

/** Every picture file that is known, by task. */
export async function pictureFiles(store: Store): Promise<Map<number, Set<string>>> {
  const files = new Map<number, Set<string>>();
  for (const { task_id, file } of await store.selectFrom('pictures').select(['task_id', 'file']).execute()) {
    files.set(task_id, (files.get(task_id) ?? new Set()).add(file));
  }
  return files;
}
