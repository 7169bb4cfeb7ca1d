import type { CvatClient } from '../types.js';
import { hasStatus } from './errors.js';
import type { WireDataMeta, WireJob, WireTask } from './wire.js';

/** The page where people work on a task. */
export function taskUrl(host: string, taskId: number): string {
  return `${host}/tasks/${taskId}`;
}

/** The task with exactly this name in the project; the oldest, should there be several. */
export async function findTask(
  client: CvatClient,
  name: string,
  projectId: number,
  signal?: AbortSignal,
): Promise<{ taskId: number; url: string } | undefined> {
  const [task] = await tasksNamed(client, name, projectId, signal);
  return task && { taskId: task.id, url: taskUrl(client.host, task.id) };
}

/**
 * The task that somebody made in place of one that is gone: of the same name, with frames of the same names.
 * @param frameNames in any order
 */
export async function findReplacement(
  client: CvatClient,
  name: string,
  projectId: number,
  frameNames: readonly string[],
  signal?: AbortSignal,
): Promise<{ taskId: number; url: string } | undefined> {
  const wanted = new Set(frameNames);
  for (const { id, size } of await tasksNamed(client, name, projectId, signal)) {
    if (size !== wanted.size) continue;
    const { frames } = await readDataMeta(client, id, signal);
    if ((frames ?? []).every((frame) => wanted.has(frame.name))) return { taskId: id, url: taskUrl(client.host, id) };
  }
  return undefined;
}

/** All tasks with exactly this name, oldest first. CVAT does not keep names unique. */
export async function tasksNamed(
  client: CvatClient,
  name: string,
  projectId: number,
  signal?: AbortSignal,
): Promise<WireTask[]> {
  const tasks = await client.list<WireTask>('/api/tasks', { name, project_id: projectId }, signal);
  // A server ignores filters that it does not know, so they are applied here as well.
  return tasks
    .filter((task) => task.name === name && (task.project_id ?? projectId) === projectId)
    .sort((a, b) => a.id - b.id);
}

/** `undefined` for a task that does not exist (any more). */
export async function readTask(
  client: CvatClient,
  taskId: number,
  signal?: AbortSignal,
): Promise<WireTask | undefined> {
  try {
    return await client.json<WireTask>('GET', `/api/tasks/${taskId}`, { signal });
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

export function readDataMeta(client: CvatClient, taskId: number, signal?: AbortSignal): Promise<WireDataMeta> {
  return client.json('GET', `/api/tasks/${taskId}/data/meta`, { signal });
}

/**
 * The jobs in which people annotate the task's frames, in frame order. Ground truth jobs and replicas (several people on
 * the same frames) are left out: their boxes are not the task's.
 */
export async function annotationJobs(client: CvatClient, taskId: number, signal?: AbortSignal): Promise<WireJob[]> {
  const jobs = await client.list<WireJob>('/api/jobs', { task_id: taskId }, signal);
  return jobs
    .filter(({ type }) => type === undefined || type === 'annotation')
    .sort((a, b) => a.start_frame - b.start_frame);
}

/** Deletes a task; it is fine if it is gone already. */
export async function deleteTask(client: CvatClient, taskId: number, signal?: AbortSignal): Promise<void> {
  try {
    await client.json('DELETE', `/api/tasks/${taskId}`, { signal });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}
