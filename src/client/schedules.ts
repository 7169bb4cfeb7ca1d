import {
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
  type Client,
  type ScheduleHandle,
  type ScheduleOptions,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import type { RoundInput } from '../activities/types.js';
import { PipelineError } from '../common/errors.js';
import type { LoadedConfig } from '../config/index.js';
import { defaultTaskQueue } from '../workers/task-queues.js';
import { describeInput, roundHandle } from './rounds.js';

type Schedule = LoadedConfig['schedules'][number];

/** A round waits days for people and must not block the next one; `max_open_rounds` is the guard. */
export const overlap = ScheduleOverlapPolicy.ALLOW_ALL;

/** Rounds of which the result is looked up for the list. */
const shownRounds = 3;

export interface ListedSchedule {
  id: string;
  paused: boolean;
  /** ISO times of the next rounds. */
  next: string[];
  /** The newest rounds first. `state`: of the result, else of the workflow, in lower case. */
  last: { at: string; workflowId: string; state: string; message?: string }[];
}

const workflowType = 'ActiveLearningWorkflow';

/**
 * @throws PipelineError CONFIG_INVALID when Temporal does not take it, such as a cron expression that is none, or has one
 *   of this id that is not ours; ENCRYPTION_KEY_UNKNOWN
 */
export async function createOrUpdate(client: Client, schedule: Schedule): Promise<'created' | 'updated'> {
  const handle = client.schedule.getHandle(schedule.id);
  const wanted = scheduleOptions(schedule);
  try {
    await handle.update(({ action, state }): ScheduleUpdateOptions => {
      if (action.workflowType !== workflowType) throw belongsToOthers(schedule, action.workflowType);
      return { ...wanted, state };
    });
    return 'updated';
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw refusal(schedule, error);
  }
  try {
    await client.schedule.create({ ...wanted, scheduleId: schedule.id });
    return 'created';
  } catch (error) {
    throw refusal(schedule, error);
  }
}

function belongsToOthers({ id }: Schedule, theirs: string): PipelineError {
  return new PipelineError(
    'CONFIG_INVALID',
    `The schedule ${id} on this Temporal belongs to another application: it starts ${theirs}.`,
    { hint: 'Choose another "id", or a namespace of your own (TEMPORAL_NAMESPACE).' },
  );
}

/** The client throws a TypeError for a time specification that the server does not take. */
function refusal({ id }: Schedule, error: unknown): unknown {
  if (error instanceof PipelineError && error.code === 'ENCRYPTION_KEY_UNKNOWN') {
    return new PipelineError(error.code, `The schedule ${id} was stored with another key. ${error.message}`, {
      hint: `Put that key into FRAMELOOP_ENCRYPTION_OLD_KEYS and apply again. If it is lost: \`frameloop schedule delete ${id}\`, then apply.`,
      cause: error,
    });
  }
  if (!(error instanceof TypeError)) return error;
  return new PipelineError('CONFIG_INVALID', `Temporal refuses the schedule ${id}: ${error.message}.`, {
    hint: 'Look at its "cron" (five fields) and its "timezone" (a name such as Europe/Madrid).',
    cause: error,
  });
}

/** One schedule of the configuration as Temporal has it. */
function scheduleOptions(schedule: Schedule) {
  const { id, cron, every, offset, timezone, jitter, catchup, config } = schedule;
  const input: RoundInput = config ? { config } : {};
  return {
    spec: {
      ...(cron ? { cronExpressions: [cron] } : {}),
      ...(every ? { intervals: [{ every: every * 1000, ...(offset && { offset: offset * 1000 }) }] } : {}),
      ...(timezone ? { timezone } : {}),
      ...(jitter ? { jitter: jitter * 1000 } : {}),
    },
    action: {
      type: 'startWorkflow',
      workflowType,
      taskQueue: defaultTaskQueue,
      workflowId: `active-learning-${id}`,
      args: [input],
      memo: { schedule: id },
      staticSummary: `schedule ${id}`,
      staticDetails: describeInput(input),
    },
    policies: { overlap, catchupWindow: catchup * 1000 },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
}

/** The schedules that start rounds, whoever made them. */
export async function listSchedules(client: Client): Promise<ListedSchedule[]> {
  const found: ListedSchedule[] = [];
  for await (const { scheduleId, state, info, action } of client.schedule.list()) {
    if (action?.workflowType !== workflowType) continue;
    const newest = info.recentActions.slice(-shownRounds).reverse();
    const last = newest.map(async ({ takenAt, action: { workflow } }) => ({
      at: takenAt.toISOString(),
      workflowId: workflow.workflowId,
      ...(await howItWent(client, workflow.workflowId)),
    }));
    found.push({
      id: scheduleId,
      paused: state?.paused ?? false,
      next: info.nextActionTimes.slice(0, 3).map((time) => time.toISOString()),
      last: await Promise.all(last),
    });
  }
  return found;
}

async function howItWent(client: Client, workflowId: string): Promise<{ state: string; message?: string }> {
  const handle = roundHandle(client, workflowId);
  try {
    const { status } = await handle.describe();
    if (status.name !== 'COMPLETED') return { state: status.name.toLowerCase() };
    const { state, message } = await handle.result();
    return { state, message };
  } catch (error) {
    // Its history is kept for the time that the namespace says.
    if (error instanceof WorkflowNotFoundError) return { state: 'forgotten' };
    throw error;
  }
}

/** Runs `use` on a schedule. @throws PipelineError SCHEDULE_NOT_FOUND */
export async function withSchedule(
  client: Client,
  id: string,
  use: (handle: ScheduleHandle) => Promise<void>,
): Promise<void> {
  try {
    await use(client.schedule.getHandle(id));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new PipelineError('SCHEDULE_NOT_FOUND', `There is no schedule with the id ${id}.`, {
      hint: '`frameloop schedule list` lists them.',
      cause: error,
    });
  }
}
