import type { CvatClient, UploadTaskRequest, UploadedTask } from '../types.js';
import { UploadInDoubt } from './creation.js';
import { CvatError } from './errors.js';
import { awaitRequest, listRequests } from './requests.js';
import { annotationJobs, deleteTask, readDataMeta, readTask, tasksNamed, taskUrl } from './tasks.js';
import { findTaskFault } from './verify.js';
import type { WireAnnotations, WireJob, WireTask } from './wire.js';

/** The frames that the task must hold. */
export interface ExpectedFrames {
  names: readonly string[];
  /** Whether it must hold them in exactly this order. */
  inOrder: boolean;
}

/**
 * What an earlier call left behind under this name: the whole task; or one that can be filled further, because nothing
 * was made of it yet and the journal knows what has arrived; or nothing (what was half-made is deleted). Work of people
 * is never deleted.
 * Throws CVAT_TASK_NAME_TAKEN if a task of that name holds something else.
 */
export async function settleExistingTasks(
  client: CvatClient,
  { name, project, signal }: UploadTaskRequest,
  expected: ExpectedFrames,
  journalOf: number | undefined,
  onLook: () => void,
): Promise<{ whole?: UploadedTask; resumable: boolean }> {
  let whole: UploadedTask | undefined;
  let resumable = false;
  for (const { id } of await tasksNamed(client, name, project.id, signal)) {
    const { task, creationSeen } = await settledTask(client, id, signal, onLook);
    if (task === undefined) continue;
    const state = await inspectTask(client, task, expected, signal);
    const isEmpty = (task.size ?? 0) === 0;
    if (state.fault === undefined && whole === undefined) {
      whole = { taskId: id, url: taskUrl(client.host, id), frames: expected.names.length, jobs: state.jobs.length };
    } else if (isEmpty && id === journalOf && !creationSeen && whole === undefined) {
      resumable = true;
    } else if (isEmpty || (await isOurLeftover(client, id, state, expected, signal))) {
      await deleteTask(client, id, signal);
    } else if (whole === undefined) {
      throw new CvatError('CVAT_TASK_NAME_TAKEN', `CVAT task ${id} is called "${name}" too: ${state.fault}`, {
        hint: `Set cvat.task_name to "auto", or rename or delete ${taskUrl(client.host, id)}.`,
      });
    }
  }
  return { whole, resumable };
}

/** Deletes empty tasks of the same name: a creation that was delivered twice on the way leaves one. */
export async function deleteEmptyTwins(
  client: CvatClient,
  { name, project, signal }: UploadTaskRequest,
  taskId: number,
): Promise<void> {
  for (const { id, size } of await tasksNamed(client, name, project.id, signal)) {
    if (id !== taskId && (size ?? 0) === 0) await deleteTask(client, id, signal);
  }
}

/**
 * The task as it was made, if it holds exactly these frames.
 * Throws UploadInDoubt if it does not.
 */
export async function verifyTask(
  client: CvatClient,
  taskId: number,
  expected: ExpectedFrames,
  signal?: AbortSignal,
): Promise<UploadedTask> {
  const task = await client.json<WireTask>('GET', `/api/tasks/${taskId}`, { signal });
  const { fault, jobs } = await inspectTask(client, task, expected, signal);
  if (fault !== undefined) throw new UploadInDoubt(taskId, fault);
  return { taskId, url: taskUrl(client.host, taskId), frames: expected.names.length, jobs: jobs.length };
}

/** The task (`undefined` if it is gone) after any creation that still runs, and whether there was one. */
async function settledTask(client: CvatClient, taskId: number, signal: AbortSignal | undefined, onLook: () => void) {
  const task = await readTask(client, taskId, signal);
  if (task === undefined || (task.size ?? 0) > 0) return { task, creationSeen: true };
  const [creation] = await listRequests(client, taskId, 'create', signal);
  if (creation === undefined) return { task, creationSeen: false };
  await awaitRequest(client, creation.id, signal, onLook);
  return { task: await readTask(client, taskId, signal), creationSeen: true };
}

interface TaskState {
  fault?: string;
  frameNames: string[];
  jobs: WireJob[];
}

async function inspectTask(
  client: CvatClient,
  { id, size }: WireTask,
  expected: ExpectedFrames,
  signal?: AbortSignal,
): Promise<TaskState> {
  // Before the upload has begun, old servers answer 500 when they are asked for its frames.
  if ((size ?? 0) === 0) return { fault: 'it is empty', frameNames: [], jobs: [] };
  const meta = await readDataMeta(client, id, signal);
  const frameNames = (meta.frames ?? []).map(({ name }) => name);
  const jobs = await annotationJobs(client, id, signal);
  return { fault: findTaskFault(expected, frameNames, meta.size, jobs), frameNames, jobs };
}

/** Made by an upload of these frames that went wrong, and no person has touched it. */
async function isOurLeftover(
  client: CvatClient,
  taskId: number,
  { frameNames, jobs }: TaskState,
  expected: ExpectedFrames,
  signal?: AbortSignal,
): Promise<boolean> {
  const ours = new Set(expected.names);
  if (!frameNames.every((name) => ours.has(name))) return false;
  if (!jobs.every(isUntouched)) return false;
  const { shapes, tracks } = await client.json<WireAnnotations>('GET', `/api/tasks/${taskId}/annotations`, { signal });
  return tracks.length === 0 && shapes.every(({ source }) => source === 'auto');
}

/** As the server made it: nobody has begun to work on it. */
export function isUntouched({ state, stage }: WireJob): boolean {
  return state === 'new' && stage === 'annotation';
}
