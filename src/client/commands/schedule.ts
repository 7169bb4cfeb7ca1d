import {
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import type { RoundInput } from '../../activities/types.js';
import { PipelineError } from '../../common/errors.js';
import type { LoadedConfig } from '../../config/index.js';
import { loadConfig, loadDotEnv } from '../../config/index.js';
import { defaultTaskQueue } from '../../workers/task-queues.js';
import { withClient } from '../connect.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { printResult, table } from '../output.js';

type Schedule = LoadedConfig['schedules'][number];

export async function apply(options: CommonOptions): Promise<void> {
  const config = await readContext(options);
  if (config.schedules.length === 0) {
    throw new PipelineError('CONFIG_INVALID', 'The configuration has no "schedules".', {
      hint: 'Add for example: schedules: [{ id: weekly, cron: "0 6 * * MON" }]',
    });
  }
  // A round that could not start is better found out now than on Monday at six.
  for (const { config: overrides } of config.schedules) {
    await loadConfig({ folder: process.cwd(), file: namedConfig(options), overrides });
  }
  const applied = await withClient(async (client) => {
    const results: { id: string; action: 'created' | 'updated' }[] = [];
    for (const schedule of config.schedules) {
      results.push({ id: schedule.id, action: await createOrUpdate(client, schedule) });
    }
    return results;
  });
  printResult(options.json, applied, applied.map(({ id, action }) => `${id}: ${action}`).join('\n'));
}

async function createOrUpdate(client: Client, schedule: Schedule): Promise<'created' | 'updated'> {
  const handle = client.schedule.getHandle(schedule.id);
  const wanted = scheduleOptions(schedule);
  try {
    await handle.update((previous): ScheduleUpdateOptions => ({ ...wanted, state: previous.state }));
    return 'updated';
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    await client.schedule.create({ ...wanted, scheduleId: schedule.id });
    return 'created';
  }
}

/** One schedule of the configuration as Temporal has it. */
export function scheduleOptions(schedule: Schedule) {
  const { id, cron, every, timezone, config } = schedule;
  const input: RoundInput = config ? { config } : {};
  return {
    spec: {
      ...(cron ? { cronExpressions: [cron] } : {}),
      ...(every ? { intervals: [{ every: every * 1000 }] } : {}),
      ...(timezone ? { timezone } : {}),
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'ActiveLearningWorkflow',
      taskQueue: defaultTaskQueue,
      workflowId: `active-learning-${id}`,
      args: [input],
    },
    policies: {
      // A round waits days for people and must not block the next one; `max_open_rounds` is the guard.
      overlap: ScheduleOverlapPolicy.ALLOW_ALL,
      // After a longer absence one does not want all the rounds that were missed.
      catchupWindow: '1h',
    },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
}

export async function list(options: CommonOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  const schedules = await withClient(async (client) => {
    const found = [];
    for await (const { scheduleId, state, info, action } of client.schedule.list()) {
      if (action?.workflowType !== 'ActiveLearningWorkflow') continue;
      const next = info.nextActionTimes.slice(0, 3).map((time) => time.toISOString());
      const last = info.recentActions.at(-1);
      found.push({ id: scheduleId, paused: state?.paused ?? false, next, last: last?.takenAt.toISOString() });
    }
    return found;
  });
  const rows = schedules.map(({ id, paused, next, last }) => [
    id,
    paused ? 'paused' : 'active',
    next[0] ?? '-',
    last ?? '-',
  ]);
  const text = rows.length > 0 ? table([['SCHEDULE', 'STATE', 'NEXT', 'LAST'], ...rows]) : 'There is no schedule.';
  printResult(options.json, schedules, text);
}

export const trigger = (id: string, options: CommonOptions) => act('trigger', id, options);
export const pause = (id: string, options: CommonOptions) => act('pause', id, options);
export const resume = (id: string, options: CommonOptions) => act('resume', id, options);
export const remove = (id: string, options: CommonOptions) => act('delete', id, options);

async function act(name: 'trigger' | 'pause' | 'resume' | 'delete', id: string, options: CommonOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  await withClient(async (client) => {
    const handle = client.schedule.getHandle(id);
    const actions = {
      trigger: () => handle.trigger(ScheduleOverlapPolicy.ALLOW_ALL),
      pause: () => handle.pause('paused by frameloop schedule pause'),
      resume: () => handle.unpause('resumed by frameloop schedule resume'),
      delete: () => handle.delete(),
    };
    try {
      await actions[name]();
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      throw new PipelineError('SCHEDULE_NOT_FOUND', `There is no schedule with the id ${id}.`, {
        hint: '`frameloop schedule list` lists them.',
        cause: error,
      });
    }
  });
  printResult(options.json, { id, action: name }, `${id}: ${name} done`);
}
