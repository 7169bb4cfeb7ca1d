import type { CvatClient, UploadTaskRequest, UploadedTask } from '../types.js';
import { assignJobs, findUsers } from './assign.js';
import { awaitCreation, finishUpload, UploadInDoubt } from './creation.js';
import { CvatError, hasStatus } from './errors.js';
import { checkFrames, type FrameFile } from './frame-files.js';
import { planJobs, type JobPlan } from './job-plan.js';
import { readJournal, removeJournal, writeJournal, type UploadJournal } from './journal.js';
import { sendFrames } from './send-frames.js';
import { deleteEmptyTwins, settleExistingTasks, verifyTask, type ExpectedFrames } from './settle.js';
import { deleteTask, tasksNamed } from './tasks.js';
import type { WireTask } from './wire.js';

/** The pictures that CVAT shows are compressed anew; below this, small objects lose their edges. */
const IMAGE_QUALITY = 95;

/** A server that loses three uploads in a row is not helped by a fourth. */
const ATTEMPTS = 3;

/**
 * Makes the task and uploads its frames, exactly once: it may be called again after a crash at any moment, and the task
 * that it returns holds exactly these frames. A task of that name is used if it is whole, waited for if the server is
 * making it, filled further if the journal knows what of it has arrived, and deleted and made anew if nobody knows. One
 * batch of frames is in memory at a time.
 *
 * Throws CVAT_TASK_CREATION_FAILED with CVAT's reason, CVAT_TASK_NAME_TAKEN if another task has the name,
 * CVAT_USER_UNKNOWN for an assignee, CVAT_FRAMES_INVALID, FRAME_FILE_MISSING, CVAT_UPLOAD_IN_DOUBT (retryable) and the
 * errors of every exchange.
 */
export async function uploadTask(client: CvatClient, request: UploadTaskRequest): Promise<UploadedTask> {
  const { assignees = [], project, journalFile, signal } = request;
  const files = await checkFrames(request.frames);
  const users = await findUsers(client, assignees, project.organizationId, signal);
  const task = await makeTask(client, request, files);
  await assignJobs(client, task.taskId, users, signal);
  await removeJournal(journalFile);
  return task;
}

async function makeTask(
  client: CvatClient,
  request: UploadTaskRequest,
  files: readonly FrameFile[],
): Promise<UploadedTask> {
  const { journalFile, signal } = request;
  const plan = planJobs(request);
  const expected: ExpectedFrames = {
    names: plan.order ?? files.map(({ name }) => name),
    inOrder: plan.order !== undefined,
  };
  const reportLook = () => request.onProgress?.(files.length, files.length);

  for (let attempt = 1; ; attempt++) {
    const journal = await readJournal(journalFile);
    const existing = await settleExistingTasks(client, request, expected, journal?.taskId, reportLook);
    if (existing.whole !== undefined) return existing.whole;
    const begun = existing.resumable ? journal : undefined;
    const id = begun?.taskId ?? (await createTask(client, request, plan)).id;
    try {
      await fillTask(client, request, plan, files, begun ?? { taskId: id, sent: [], inFlight: [] });
      const task = await verifyTask(client, id, expected, signal);
      await deleteEmptyTwins(client, request, id);
      return task;
    } catch (error) {
      // Somebody deleted the task under our hands: no worse than any other doubt.
      const inDoubt = error instanceof UploadInDoubt || hasStatus(error, 404);
      if (!inDoubt || attempt === ATTEMPTS) throw error;
      await deleteTask(client, id, signal);
    }
  }
}

async function createTask(client: CvatClient, request: UploadTaskRequest, plan: JobPlan): Promise<WireTask> {
  const { name, project, subset, bugTracker, signal } = request;
  const body = {
    name,
    project_id: project.id,
    ...plan.task,
    ...(subset === undefined ? {} : { subset }),
    ...(bugTracker === undefined ? {} : { bug_tracker: bugTracker }),
  };
  try {
    // Without the organization the task would go to the user's own space, and CVAT refuses it there.
    return await client.json('POST', '/api/tasks', { body, query: { org_id: project.organizationId }, signal });
  } catch (error) {
    if (!(error instanceof CvatError && error.mayHaveActed)) throw error;
    const made = (await tasksNamed(client, name, project.id, signal)).at(-1);
    if (made === undefined) throw error;
    return made;
  }
}

async function fillTask(
  client: CvatClient,
  { imageQuality = IMAGE_QUALITY, journalFile, signal, onProgress }: UploadTaskRequest,
  plan: JobPlan,
  files: readonly FrameFile[],
  journal: UploadJournal,
): Promise<void> {
  const { taskId } = journal;
  if (journal.sent.length === 0 && journal.inFlight.length === 0) {
    await client.json('POST', `/api/tasks/${taskId}/data/`, {
      headers: { 'upload-start': 'true' },
      retry: true,
      signal,
    });
    await writeJournal(journalFile, journal);
  }
  const onSent = (sent: number) => onProgress?.(sent, files.length);
  await sendFrames(client, files, journal, { taskId, imageQuality, journalFile, signal, onSent });
  const data = { image_quality: imageQuality, ...plan.data };
  const requestId = await finishUpload(client, taskId, data, signal);
  await awaitCreation(client, taskId, requestId, signal, () => onProgress?.(files.length, files.length));
}
