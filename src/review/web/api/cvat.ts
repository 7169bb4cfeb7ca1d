import type { WireFrameAnnotations, WireReason, WireReasons } from '../../wire.js';
import { get, request, type Answer } from './http.js';
import type { Annotations, DataMeta, Job, JobState, Label, NewShape, Page, Shape, Task } from './types.js';

/** Reads a whole list, page by page. */
async function list<Item>(path: string): Promise<Item[]> {
  return (await get<Page<Item>>(`${path}${path.includes('?') ? '&' : '?'}page_size=all`)).results;
}

/** Newest first, or the one task. */
export const readTasks = async (taskId?: number): Promise<Task[]> =>
  taskId === undefined ? list('/api/tasks') : [await get<Task>(`/api/tasks/${taskId}`)];
export const readJobs = (taskId?: number): Promise<Job[]> =>
  list(`/api/jobs?sort=id${taskId === undefined ? '' : `&task_id=${taskId}`}`);
export const readJob = (id: number): Promise<Job> => get(`/api/jobs/${id}`);
export const readLabels = (jobId: number): Promise<Label[]> => list(`/api/labels?job_id=${jobId}`);

/** Jobs of the same task that are still to be done: those after this one first, then those before. @throws HttpError */
export async function readOtherJobs({ id, task_id }: Job): Promise<Job[]> {
  const open = (await readJobs(task_id)).filter((job) => job.id !== id && job.state !== 'completed');
  return [...open.filter((job) => job.id > id), ...open.filter((job) => job.id < id)];
}

/** Why each frame of a job was chosen, by its number. @throws HttpError */
export async function readReasons(jobId: number): Promise<Map<number, WireReason>> {
  const { frames } = await get<WireReasons>(`/api/frameloop/jobs/${jobId}/reasons`);
  return new Map(frames.map((reason) => [reason.frame, reason]));
}

/** The colours of all labels by their names; a name that has several, has the newest. */
export async function readLabelColors(): Promise<Map<string, string>> {
  return new Map((await list<Label>('/api/labels')).map(({ name, color }) => [name, color]));
}

export const readMeta = (jobId: number): Promise<DataMeta> => get(`/api/jobs/${jobId}/data/meta`);

/** Leaves these frames of a job out, by their indexes in the task, and no others. @throws HttpError */
export async function setDeletedFrames(jobId: number, frames: readonly number[]): Promise<DataMeta> {
  return (await request<DataMeta>('PATCH', `/api/jobs/${jobId}/data/meta`, { deleted_frames: frames }))
    .body as DataMeta;
}

export async function setJobState(id: number, state: JobState): Promise<Job> {
  return (await request<Job>('PATCH', `/api/jobs/${id}`, { state })).body as Job;
}

/** The annotations of some frames of a job, around the one with this index in it. */
export const readAnnotationsAround = (jobId: number, index: number): Promise<WireFrameAnnotations<Annotations>> =>
  get(`/api/frameloop/jobs/${jobId}/annotations?around=${index}`);

/** The annotations of a job; no body when they are still those of `known`. */
export function readAnnotations(jobId: number, known?: string): Promise<Answer<Annotations>> {
  const headers = known === undefined ? undefined : { 'if-none-match': known };
  return request('GET', `/api/jobs/${jobId}/annotations`, undefined, headers);
}

/**
 * Changes some annotations of a task and leaves the others as they are.
 * @param known the version that the change was made from
 * @throws HttpError 412 when the server has another one
 */
export async function changeShapes(
  taskId: number,
  action: 'create' | 'update' | 'delete',
  shapes: NewShape[],
  known: string,
): Promise<{ shapes: Shape[]; version: string }> {
  const body = { version: 0, tags: [], tracks: [], shapes };
  const path = `/api/tasks/${taskId}/annotations?action=${action}`;
  const answer = await request<Annotations>('PATCH', path, body, { 'if-match': known });
  return { shapes: answer.body?.shapes ?? [], version: answer.version ?? known };
}

/** The pictures of a data folder never change, so a browser that names the folder may keep them. */
export const pictureUrl = (taskId: number, frame: number, folderId: string): string =>
  `/api/tasks/${taskId}/data?type=frame&quality=original&number=${frame}&folder=${folderId}`;
export const thumbnailUrl = (taskId: number, frame: number, folderId: string): string =>
  `/api/frameloop/tasks/${taskId}/thumbnails/${frame}?folder=${folderId}`;
