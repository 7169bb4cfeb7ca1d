import { SingleBar } from 'cli-progress';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoundResult } from '../activities/types.js';
import type { RoundProgress } from '../workflows/messages.js';
import { note } from './output.js';
import { readFramesInWork, readProgress, readTroubles, roundResult, type RoundHandle } from './rounds.js';

/** How often the terminal is brought up to date. */
const refreshMs = 400;

/** What there is to do in a stage and how much of it is done. */
function stageSteps({ stage, videos, task }: RoundProgress): { done: number; total: number } {
  if (stage === 'processing') return { done: videos.done + videos.failed, total: videos.found };
  if (stage === 'waiting' && task) return { done: task.jobsDone, total: task.jobsTotal };
  return { done: 0, total: 0 };
}

/** One line about where a round stands. */
export function progressLine(progress: RoundProgress): string {
  const { stage, paused, videos, frames, preLabels, task } = progress;
  const parts = [`videos ${videos.done}/${videos.found}${videos.failed ? ` (${videos.failed} failed)` : ''}`];
  parts.push(`${frames.sampled} frames sampled`);
  if (frames.selected) parts.push(`${frames.selected} selected`);
  if (preLabels) parts.push(`${preLabels} pre-labels`);
  if (task) parts.push(`task ${task.id}: ${task.jobsDone}/${task.jobsTotal} jobs done`);
  return `${stage.padEnd(11)} ${parts.join(' · ')}${paused ? ' · paused' : ''}`;
}

/**
 * Shows a round's progress on stderr until it ends: a bar on a terminal, else a line whenever something changed.
 * `onProgress` sees every reading. When `signal` aborts, its reason is thrown, and no call to the server is left behind.
 */
export async function watchRound(
  handle: RoundHandle,
  options: { silent?: boolean; signal?: AbortSignal; onProgress?: (progress: RoundProgress) => Promise<void> } = {},
): Promise<RoundResult> {
  const display = options.silent ? undefined : createDisplay();
  let ended = false;
  const { signal = new AbortController().signal } = options;
  const result = handle.client
    // A call that is tried again after the connection was closed would end the process.
    .withAbortSignal(signal, () => roundResult(handle))
    .finally(() => {
      ended = true;
    });
  result.catch(() => undefined); // awaited below, after the display has ended
  try {
    while (!ended) {
      // A worker that is starting again cannot answer a query; the next reading will.
      const progress = await readProgress(handle).catch(() => undefined);
      if (progress) {
        // What is only shown may be missing for once: a video may have ended since the reading.
        progress.frames.sampled += await readFramesInWork(handle, progress).catch(() => 0);
        display?.show(progress, await readTroubles(handle, progress).catch(() => []));
        await options.onProgress?.(progress);
      }
      await Promise.race([sleep(refreshMs), result.catch(() => undefined)]);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    display?.end();
  }
  signal.throwIfAborted();
  return result;
}

function createDisplay(): { show(progress: RoundProgress, troubles: string[]): void; end(): void } {
  if (!process.stderr.isTTY) {
    let last = '';
    return {
      show(progress, troubles) {
        const line = [progressLine(progress), ...troubles].join(' · ');
        if (line !== last) note(line);
        last = line;
      },
      end: () => undefined,
    };
  }
  const bar = new SingleBar({ format: '{bar} {line}', barsize: 20, stream: process.stderr, hideCursor: true });
  bar.start(1, 0, { line: 'starting' });
  return {
    show(progress, troubles) {
      const { done, total } = stageSteps(progress);
      bar.setTotal(Math.max(total, 1));
      bar.update(Math.min(done, Math.max(total, 1)), { line: [progressLine(progress), ...troubles].join(' · ') });
    },
    end: () => bar.stop(),
  };
}
