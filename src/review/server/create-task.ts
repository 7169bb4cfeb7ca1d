import path from 'node:path';
import pMap from 'p-map';
import { z } from 'zod';
import { invalidField, refused } from './api-error.js';
import type { Work } from './background.js';
import { compareNames } from './file-names.js';
import { measurePicture } from './picture.js';
import { chunkSize, segments } from './status.js';
import { now, type Store } from './store/database.js';
import { picturesOfTask } from './store/pictures.js';
import { finishRequest } from './store/requests.js';
import type { PictureRow } from './store/schema.js';
import { findTask, touchTask } from './store/tasks.js';
import { integer, parse } from './validation.js';

/** What would be done with the data in CVAT and is not done here: said instead of ignored. */
const unsupported = ['server_files', 'remote_files', 'frame_filter', 'validation_params'] as const;

export const dataRequest = z.object({
  image_quality: integer(1, 100),
  sorting_method: z.enum(['lexicographical', 'natural', 'predefined', 'random']).default('lexicographical'),
  upload_file_order: z.array(z.string()).max(100_000).default([]),
  /** The frames of each job, in order. */
  job_file_mapping: z.array(z.array(z.string()).min(1)).max(5000).nullish(),
  start_frame: integer(0, 0).nullish(),
  stop_frame: z.null().optional(),
  ...Object.fromEntries(unsupported.map((key) => [key, z.unknown().optional()])),
});

/** How the uploaded pictures become frames. */
export interface CreationPlan {
  imageQuality: number;
  /** Names in frame order; undefined = by code point. */
  order: string[] | undefined;
  /** How many frames each job has; undefined = by the segment size of the task. */
  jobSizes?: number[] | undefined;
}

/** Reads the fields that come with Upload-Finish. @throws ApiError 400 */
export function parseCreation(body: unknown): CreationPlan {
  const data = parse(dataRequest, body);
  for (const key of unsupported) {
    const value = (data as Record<string, unknown>)[key];
    if (value == null || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    throw invalidField(key, 'This is not supported by this server: upload the files.');
  }
  const { sorting_method: method, upload_file_order: order, job_file_mapping: jobs } = data;
  if (jobs != null && jobs.length > 0) {
    if (method !== 'lexicographical') {
      throw refused("job_file_mapping can only be used with the 'lexicographical' sorting method");
    }
    return { imageQuality: data.image_quality, order: jobs.flat(), jobSizes: jobs.map((names) => names.length) };
  }
  if (method === 'natural' || method === 'random') {
    throw invalidField('sorting_method', `"${method}" is not supported by this server.`);
  }
  if (method !== 'predefined') {
    if (order.length > 0) throw invalidField('upload_file_order', 'Only for the sorting method "predefined".');
    return { imageQuality: data.image_quality, order: undefined };
  }
  if (order.length === 0) throw invalidField('upload_file_order', 'This field is required.');
  return { imageQuality: data.image_quality, order };
}

/** @throws ApiError 400 naming what the order has too much or too little */
export function checkOrder(plan: CreationPlan, names: string[]): void {
  if (plan.order === undefined) return;
  const wanted = new Set(plan.order);
  const there = new Set(names);
  const mismatches = [
    ...[...there].filter((name) => !wanted.has(name)).map((name) => `${name} (extra)`),
    ...[...wanted].filter((name) => !there.has(name)).map((name) => `${name} (missing)`),
  ].sort(compareNames);
  if (mismatches.length === 0 && wanted.size === plan.order.length) return;
  throw refused(
    "Uploaded files do not match the 'upload_file_order' field contents. Please check the uploaded data and the list " +
      `of uploaded files. Mismatching files: ${mismatches.slice(0, 20).join(', ') || 'names that occur twice'}`,
  );
}

/**
 * Makes frames and jobs of the uploaded pictures. Until the last step nothing is written, and that is one transaction:
 * after a kill it simply runs again.
 */
export const createTaskData: Work = async ({ store, folder, events }, request, { signal, onProgress }) => {
  if ((await findTask(store, request.task_id)) === undefined) throw taskDoesNotExist();
  const pictures = await picturesOfTask(store, request.task_id);
  if (pictures.length === 0) throw new Error('ValueError: No media data found');
  let done = 0;
  const sizes = await pMap(
    pictures,
    async ({ file, name }) => {
      const size = await measurePicture(path.join(folder.pictures, String(request.task_id), file), name);
      done += 1;
      onProgress(done / pictures.length);
      return size;
    },
    // Decoding runs in sharp's own threads; two at a time keep them busy while memory stays flat.
    { concurrency: 2, signal },
  );
  const plan = JSON.parse(request.payload) as CreationPlan;
  const frames = inFrameOrder(
    pictures.map((picture, index) => ({ picture, size: sizes[index] as { width: number; height: number } })),
    plan,
  );
  await store.transaction().execute(async (transaction) => {
    await writeFrames(transaction, request.task_id, frames, plan);
    await finishRequest(transaction, request.sequence);
  });
  await events.filled(request.task_id);
};

/** A picture with its size in pixels. */
export interface MeasuredPicture {
  picture: PictureRow;
  size: { width: number; height: number };
}

function inFrameOrder(pictures: MeasuredPicture[], plan: CreationPlan): MeasuredPicture[] {
  if (plan.order === undefined) {
    return pictures.sort((one, other) => compareNames(one.picture.name, other.picture.name));
  }
  const position = new Map(plan.order.map((name, index) => [name, index]));
  const at = ({ picture }: MeasuredPicture) => position.get(picture.name) ?? 0;
  return pictures.sort((one, other) => at(one) - at(other));
}

/** Makes frames and jobs of these pictures, in their order. Call it in a transaction. */
export async function writeFrames(
  store: Store,
  taskId: number,
  frames: MeasuredPicture[],
  plan: CreationPlan,
): Promise<void> {
  const task = await findTask(store, taskId);
  if (task === undefined) throw taskDoesNotExist();
  for (const [frame, { picture, size }] of frames.entries()) {
    await store
      .updateTable('pictures')
      .set({ frame, ...size })
      .where('id', '=', picture.id)
      .execute();
  }
  const date = now();
  const jobs = plan.jobSizes ? consecutive(plan.jobSizes) : segments(frames.length, task.segment_size);
  for (const { startFrame, stopFrame } of jobs) {
    await store
      .insertInto('jobs')
      .values({
        task_id: taskId,
        start_frame: startFrame,
        stop_frame: stopFrame,
        stage: 'annotation',
        state: 'new',
        created_date: date,
        updated_date: date,
      })
      .execute();
  }
  const first = frames[0]?.size ?? { width: 1, height: 1 };
  await store
    .updateTable('tasks')
    .set({
      size: frames.length,
      image_quality: plan.imageQuality,
      chunk_size: chunkSize(first.width * first.height),
      data_date: date,
    })
    .where('id', '=', taskId)
    .execute();
  await touchTask(store, task);
}

function consecutive(sizes: readonly number[]): { startFrame: number; stopFrame: number }[] {
  let next = 0;
  return sizes.map((size) => {
    const startFrame = next;
    next += size;
    return { startFrame, stopFrame: next - 1 };
  });
}

function taskDoesNotExist(): Error {
  return new Error('Task.DoesNotExist: Task matching query does not exist.');
}
