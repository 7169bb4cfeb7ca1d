import { sha256 } from '../../common/files.js';
import type { CompletionRule, CvatClient, TaskProgress } from '../types.js';
import { hasStatus } from './errors.js';
import { annotationJobs, readTask } from './tasks.js';
import type { WireJob } from './wire.js';

/**
 * How far the people are, from the API: the truth behind every hint that a webhook or a person gives.
 * Not by the task's own status: since CVAT 2.16 "Finish the job" leaves that at `annotation`.
 */
export async function readTaskProgress(
  client: CvatClient,
  taskId: number,
  rule: CompletionRule,
  signal?: AbortSignal,
): Promise<TaskProgress> {
  // The task first: to someone who may not see it, its list of jobs would look empty instead of forbidden.
  if ((await readTask(client, taskId, signal)) === undefined) return DELETED;
  try {
    return judgeProgress(await annotationJobs(client, taskId, signal), rule);
  } catch (error) {
    // Deleted just now: CVAT does not accept its id as a filter any more.
    if (hasStatus(error, 400, 404) && (await readTask(client, taskId, signal)) === undefined) return DELETED;
    throw error;
  }
}

const DELETED: TaskProgress = { state: 'deleted', jobsDone: 0, jobsTotal: 0, jobsRejected: 0, fingerprint: 'deleted' };

/** Whether people are done with a job and its frames. */
export function isDone({ state, stage }: Pick<WireJob, 'state' | 'stage'>, rule: CompletionRule): boolean {
  return state === 'completed' && (rule === 'jobs_completed' || stage === 'acceptance');
}

/**
 * @param jobs the task's annotation jobs. None of them = not done: the server has not made them yet. A job that was
 *   reopened or sent back is one that is not done.
 */
export function judgeProgress(
  jobs: readonly Pick<WireJob, 'id' | 'state' | 'stage' | 'updated_date'>[],
  rule: CompletionRule,
): TaskProgress {
  const jobsDone = jobs.filter((job) => isDone(job, rule)).length;
  const complete = jobs.length > 0 && jobsDone === jobs.length;
  return {
    state: complete ? 'complete' : 'open',
    jobsDone,
    jobsTotal: jobs.length,
    jobsRejected: jobs.filter(({ state }) => state === 'rejected').length,
    // Saving a box touches the date of its job.
    fingerprint: sha256(JSON.stringify(jobs.map(({ id, state, stage, updated_date: at }) => [id, state, stage, at]))),
  };
}
