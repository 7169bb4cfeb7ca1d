import type { ScheduleHandle } from '@temporalio/client';
import { PipelineError } from '../../common/errors.js';
import { loadConfig, loadDotEnv } from '../../config/index.js';
import { withClient } from '../connect.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { note, printResult, table } from '../output.js';
import { createOrUpdate, listSchedules, overlap, withSchedule } from '../schedules.js';

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
    const ours = new Set(config.schedules.map(({ id }) => id));
    for (const { id } of await listSchedules(client)) {
      if (!ours.has(id))
        note(`${id} is not in the configuration and goes on; remove it with: frameloop schedule delete ${id}`);
    }
    return results;
  });
  printResult(options.json, applied, applied.map(({ id, action }) => `${id}: ${action}`).join('\n'));
}

export async function list(options: CommonOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  const schedules = await withClient(listSchedules);
  const minutes = (time: string | undefined) => time?.slice(0, 16).replace('T', ' ') ?? '-';
  const rows = schedules.map(({ id, paused, next, last: [last] }) => [
    id,
    paused ? 'paused' : 'active',
    minutes(next[0]),
    minutes(last?.at),
    last ? [last.state, last.message].filter(Boolean).join(': ') : '-',
  ]);
  const heading = ['SCHEDULE', 'STATE', 'NEXT (UTC)', 'LAST (UTC)', 'RESULT'];
  printResult(options.json, schedules, rows.length > 0 ? table([heading, ...rows]) : 'There is no schedule.');
}

interface BackfillOptions extends CommonOptions {
  from: Date;
  to: Date;
}

/** Starts the rounds that the schedule would have started in a time that is over. */
export async function backfill(id: string, options: BackfillOptions): Promise<void> {
  const { from: start, to: end } = options;
  if (start >= end) {
    throw new PipelineError('WRONG_USE', 'The time to make up for ends before it begins.', {
      hint: 'Write for example --from 2026-01-05T00:00Z --to 2026-01-12T00:00Z',
    });
  }
  await act('backfill', id, options, (handle) => handle.backfill({ start, end, overlap }));
}

export const trigger = (id: string, options: CommonOptions) =>
  act('trigger', id, options, (handle) => handle.trigger(overlap));
export const pause = (id: string, options: CommonOptions) =>
  act('pause', id, options, (handle) => handle.pause('paused by frameloop schedule pause'));
export const resume = (id: string, options: CommonOptions) =>
  act('resume', id, options, (handle) => handle.unpause('resumed by frameloop schedule resume'));
export const remove = (id: string, options: CommonOptions) => act('delete', id, options, (handle) => handle.delete());

async function act(
  action: string,
  id: string,
  options: CommonOptions,
  use: (handle: ScheduleHandle) => Promise<void>,
): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  await withClient((client) => withSchedule(client, id, use));
  printResult(options.json, { id, action }, `${id}: ${action} done`);
}
