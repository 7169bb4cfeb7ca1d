import path from 'node:path';
import { existsSync } from 'node:fs';
import { parse } from 'yaml';
import type { RoundResult } from '../../activities/types.js';
import { openCatalog } from '../../catalog/index.js';
import { PipelineError } from '../../common/errors.js';
import { fileAsOverrides, loadDotEnv } from '../../config/index.js';
import type { AnnotationHint } from '../../workflows/messages.js';
import { withClient } from '../connect.js';
import { readContext, type CommonOptions } from '../context.js';
import { note, printResult, table } from '../output.js';
import { describeResult } from '../describe-result.js';
import {
  newestRound,
  newWorkflowId,
  readNextPoll,
  readProgress,
  readTroubles,
  roundHandle,
  roundResult,
  startRound,
  withRound,
} from '../rounds.js';
import { progressLine, watchRound } from '../watch-round.js';

interface StartOptions extends CommonOptions {
  wait?: boolean;
  id?: string;
  set?: string[];
}

export async function start(videos: string[], options: StartOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  const set = options.set && overrides(options.set);
  // A file that is named for this round; else the configuration of the worker holds.
  const config = options.config === undefined ? set : await fileAsOverrides(process.cwd(), options.config, set);
  const input = {
    ...(config && { config }),
    ...(videos.length > 0 ? { videos: videos.map(absolute) } : {}),
  };
  await withClient(async (client) => {
    const handle = await startRound(client, options.id ?? newWorkflowId(), input);
    if (!options.wait) {
      const text = `Started ${handle.workflowId}.\nSee it with: frameloop status ${handle.workflowId}`;
      printResult(options.json, { workflowId: handle.workflowId, runId: handle.firstExecutionRunId }, text);
      return;
    }
    note(`Round ${handle.workflowId}`);
    const result = await watchRound(handle, { silent: options.json });
    printResult(options.json, result, describeResult(result));
  });
}

/** A worker may run in another folder than this command. */
function absolute(video: string): string {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(video) ? video : path.resolve(video);
}

/** `video.framerate=5` → `{ video: { framerate: 5 } }`; values are YAML. */
function overrides(assignments: string[]): Record<string, unknown> {
  // Without a prototype, so that a key such as __proto__ is a key like any other: an unknown one.
  const empty = () => Object.create(null) as Record<string, unknown>;
  const result = empty();
  for (const assignment of assignments) {
    const [, key, value] = /^([\w.]+)=(.*)$/s.exec(assignment) ?? [];
    if (key === undefined || value === undefined) {
      throw new PipelineError('WRONG_USE', `"${assignment}" is no setting.`, { hint: 'Write --set video.framerate=5' });
    }
    const parts = key.split('.');
    const last = parts.pop() ?? key;
    let target = result;
    for (const part of parts) target = (target[part] ??= empty()) as Record<string, unknown>;
    target[last] = parse(value);
  }
  return result;
}

export async function status(id: string | undefined, options: CommonOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  await withClient(async (client) => {
    const workflowId = id ?? (await newestRound(client));
    if (!workflowId) {
      printResult(options.json, null, 'There is no round yet. Start one with: frameloop start');
      return;
    }
    const handle = roundHandle(client, workflowId);
    await withRound(workflowId, async () => {
      const state = (await handle.describe()).status.name;
      const result = state === 'COMPLETED' ? await roundResult(handle) : undefined;
      const progress = state === 'RUNNING' ? await readProgress(handle) : undefined;
      const troubles = progress ? await readTroubles(handle, progress) : [];
      const nextPollAt = progress?.task && progress.waiting && (await readNextPoll(handle));
      const lines = [`${workflowId}: ${state.toLowerCase()}`];
      if (progress) lines.push(progressLine(progress));
      for (const trouble of troubles) lines.push(`trouble    ${trouble}`);
      if (progress?.task) lines.push(`task       ${progress.task.url}`);
      if (nextPollAt) lines.push(`next look  ${nextPollAt}, or at once with: frameloop complete ${workflowId}`);
      if (result) lines.push(describeResult(result));
      printResult(options.json, { workflowId, state, progress, troubles, nextPollAt, result }, lines.join('\n'));
    });
  });
}

export function complete(id: string, options: CommonOptions): Promise<void> {
  const hint: AnnotationHint = { source: 'cli' };
  return signal(id, 'annotationCompleted', [hint], options, `Told ${id} to look at its annotation task now.`);
}

export function pause(id: string, options: CommonOptions): Promise<void> {
  return signal(id, 'pause', [], options, `${id} takes no new videos until it is resumed.`);
}

export function resume(id: string, options: CommonOptions): Promise<void> {
  return signal(id, 'resume', [], options, `${id} goes on.`);
}

async function signal(id: string, name: string, args: unknown[], options: CommonOptions, text: string): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  await withClient((client) => withRound(id, () => roundHandle(client, id).signal(name, ...args)));
  printResult(options.json, { workflowId: id, signal: name }, text);
}

export async function cancel(id: string, options: CommonOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  const task = await withClient((client) =>
    withRound(id, async () => {
      const handle = roundHandle(client, id);
      if ((await handle.describe()).status.name !== 'RUNNING') {
        throw new PipelineError('ROUND_ENDED', `The round ${id} has ended already.`, {
          hint: `See how with \`frameloop status ${id}\`.`,
        });
      }
      await handle.cancel();
      // Without a worker nobody answers the query; the cancellation waits for one.
      return (await readProgress(handle).catch(() => undefined))?.task;
    }),
  );
  const left =
    task && ` Its annotation task is left as it is: ${task.url}\nTo give it up, too: frameloop release ${id}`;
  const text = `Cancelling ${id}.${left ?? ''}`;
  printResult(options.json, { workflowId: id, task }, text);
}

export async function listRounds(options: CommonOptions & { limit: number }): Promise<void> {
  const { paths } = await readContext(options);
  if (!existsSync(path.join(paths.data, 'catalog.sqlite'))) {
    printResult(options.json, [], 'There is no round yet. Start one with: frameloop start');
    return;
  }
  const catalog = await openCatalog(paths.data);
  try {
    const rows = await catalog.rounds(options.limit);
    const rounds = rows.map(({ counts, ...row }) => ({ ...row, result: JSON.parse(counts) as Partial<RoundResult> }));
    const text = table([
      ['ROUND', 'STATE', 'STARTED', 'VIDEOS', 'FRAMES', 'SELECTED', 'DATASET', 'TASK'],
      ...rounds.map(({ id, state, startedAt, taskUrl, result }) => [
        id,
        state,
        startedAt.slice(0, 16).replace('T', ' '),
        `${result.videos?.processed ?? '-'}`,
        `${result.frames?.sampled ?? '-'}`,
        `${result.frames?.selected ?? '-'}`,
        result.dataset ? `+${result.dataset.added}` : '-',
        taskUrl ?? '-',
      ]),
    ]);
    printResult(
      options.json,
      rounds,
      rounds.length > 0 ? text : 'There is no round yet. Start one with: frameloop start',
    );
  } finally {
    await catalog.close();
  }
}
