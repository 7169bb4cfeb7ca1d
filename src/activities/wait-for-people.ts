import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { findReplacement, readTask, readTaskProgress, type CvatClient } from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import { readJsonLines } from '../common/files.js';
import type { SelectedFrame } from '../common/types.js';
import { waitId } from '../workflows/wait-id.js';
import { isOfOurs, isWaitedFor } from './open-waits.js';
import { frameName } from './pre-labels.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import type { AnnotationTask, RoundReference, TaskReading } from './types.js';

/** The oldest task that was filled, whose labels nobody fetched yet, and for which no other round waits. */
export async function findOpenTask(
  resources: Resources,
  { round }: { round: RoundReference },
): Promise<AnnotationTask | undefined> {
  const { config } = await readRoundFile(round.folder);
  const catalog = await resources.catalog(config.paths.data);
  for (const { id, folder, taskId, taskUrl } of await catalog.unharvestedRounds()) {
    if (taskId === null || taskUrl === null || (await isWaitedFor({ roundId: id, taskId }, catalog))) continue;
    return { round: { roundId: id, folder }, taskId, taskUrl };
  }
  return undefined;
}

/** Whether the wait that has the id of a task was begun by a round of this data folder, not for another server's task. */
export async function isWaitOfOurs(
  resources: Resources,
  { round, taskId }: { round: RoundReference; taskId: number },
): Promise<boolean> {
  const { config } = await readRoundFile(round.folder);
  return isOfOurs(waitId(taskId), await resources.catalog(config.paths.data));
}

export async function markWaiting(resources: Resources, { round }: { round: RoundReference }): Promise<void> {
  const { config } = await readRoundFile(round.folder);
  await (await resources.catalog(config.paths.data)).updateRound(round.roundId, { state: 'waiting' });
}

/**
 * One look at the task. Fails, benignly, while nothing has changed since `known`: Temporal's retries are the timer, and
 * they add nothing to the history.
 */
export async function pollTask(
  resources: Resources,
  { known, ...task }: AnnotationTask & { known: TaskReading },
): Promise<TaskReading> {
  const plan = await readRoundFile(task.round.folder);
  let reading: TaskReading;
  try {
    reading = await look(resources, plan, task);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    // A token that ran out or a server that is away must not end a wait of weeks: somebody mends it, and it goes on.
    throw ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable: false });
  }
  const { state, jobsDone, jobsTotal, jobsRejected = 0 } = reading;
  const isNews = jobsDone !== known.jobsDone || jobsTotal !== known.jobsTotal;
  if (state === 'open' && !isNews && jobsRejected === (known.jobsRejected ?? 0)) {
    const rejected = jobsRejected > 0 ? `, ${jobsRejected} were sent back` : '';
    throw ApplicationFailure.create({
      type: 'NOT_COMPLETE',
      message: `${jobsDone} of ${jobsTotal} jobs of task ${task.taskId} are done${rejected}.`,
      category: ApplicationFailureCategory.BENIGN,
    });
  }
  return reading;
}

async function look(
  resources: Resources,
  plan: RoundFile,
  { round, taskId, taskUrl }: AnnotationTask,
): Promise<TaskReading> {
  const { cvat, paths } = plan.config;
  const client = await resources.cvat(paths.data);
  const { state, jobsDone, jobsTotal, jobsRejected } = await readTaskProgress(client, taskId, cvat.complete_when);
  if (state === 'deleted' && plan.project) {
    const selection = await readJsonLines<SelectedFrame>(roundFiles.selection(round.folder));
    const found = await findReplacement(client, plan.taskName, plan.project.id, selection.map(frameName));
    if (found) {
      const replacement = { taskId: found.taskId, taskUrl: found.url };
      await (await resources.catalog(paths.data)).updateRound(round.roundId, replacement);
      return { state: 'replaced', jobsDone, jobsTotal, replacement };
    }
  }
  if (!taskUrl.startsWith(`${client.host}/`)) await requireSameServer(client, plan, taskId, taskUrl);
  return { state, jobsDone, jobsTotal, ...(jobsRejected > 0 && { jobsRejected }) };
}

/** A server that has another address now has the task under its name. Another server's task of that number is not it. */
async function requireSameServer(client: CvatClient, plan: RoundFile, taskId: number, taskUrl: string): Promise<void> {
  if ((await readTask(client, taskId))?.name === plan.taskName) return;
  throw new PipelineError(
    'ANNOTATION_SERVER_CHANGED',
    `The round waits for ${taskUrl}, but the annotation server is ${client.host} now, where task ${taskId} is not "${plan.taskName}".`,
    {
      hint: 'Set CVAT_HOST as it was until the round has ended, or cancel the round. If it is the same server, give the task that name.',
      retryable: true,
    },
  );
}
