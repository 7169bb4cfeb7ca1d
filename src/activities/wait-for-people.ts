import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { readTaskProgress } from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import type { Resources } from './resources.js';
import { readRoundFile } from './round-file.js';
import type { AnnotationTask, RoundReference, TaskReading } from './types.js';

/** The oldest task that was filled and whose labels nobody fetched yet. */
export async function findOpenTask(
  resources: Resources,
  { round }: { round: RoundReference },
): Promise<AnnotationTask | undefined> {
  const { config } = await readRoundFile(round.folder);
  const row = await (await resources.catalog(config.paths.data)).unharvestedRound();
  if (!row || row.taskId === null || row.taskUrl === null) return undefined;
  return { round: { roundId: row.id, folder: row.folder }, taskId: row.taskId, taskUrl: row.taskUrl };
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
  { round, taskId, known }: AnnotationTask & { known: TaskReading },
): Promise<TaskReading> {
  const { config } = await readRoundFile(round.folder);
  let reading: TaskReading;
  try {
    const client = await resources.cvat(config.paths.data);
    reading = await readTaskProgress(client, taskId, config.cvat.complete_when);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    // A token that ran out or a server that is away must not end a wait of weeks: somebody mends it, and it goes on.
    throw ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable: false });
  }
  const { state, jobsDone, jobsTotal } = reading;
  if (state === 'open' && jobsDone === known.jobsDone && jobsTotal === known.jobsTotal) {
    throw ApplicationFailure.create({
      type: 'NOT_COMPLETE',
      message: `${jobsDone} of ${jobsTotal} jobs of task ${taskId} are done.`,
      category: ApplicationFailureCategory.BENIGN,
    });
  }
  return { state, jobsDone, jobsTotal };
}
