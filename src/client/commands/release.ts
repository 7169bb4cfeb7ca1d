import { isRunning, isWaitedFor } from '../../activities/steps.js';
import { openCatalog } from '../../catalog/index.js';
import { PipelineError } from '../../common/errors.js';
import { withClient } from '../connect.js';
import { readContext, type CommonOptions } from '../context.js';
import { printResult } from '../output.js';
import { unknownRound } from '../rounds.js';

/** Gives up the task of a round that has ended: its videos and frames are for other rounds again. */
export async function release(id: string, options: CommonOptions): Promise<void> {
  const { paths } = await readContext(options);
  await withClient(async (client) => {
    const catalog = await openCatalog(paths.data);
    try {
      const round = await catalog.round(id);
      if (!round) throw unknownRound(paths.data, id);
      const { taskId, taskUrl } = round;
      // Another round may have taken the task up.
      const open =
        (await isRunning(round.workflowId, round.runId, client)) ||
        (taskId !== null && (await isWaitedFor({ roundId: id, taskId }, catalog, client)));
      if (open) {
        throw new PipelineError('ROUND_OPEN', `Round ${id} runs, or its task is waited for.`, {
          hint: `Cancel it first: frameloop cancel ${round.workflowId}`,
        });
      }
      if (taskId === null || round.state === 'finished') {
        throw new PipelineError(
          'ROUND_WITHOUT_TASK',
          `Round ${id} holds nothing: it has no task that was not fetched.`,
        );
      }
      const released = await catalog.giveUpTask(id);
      const text =
        `Released ${released.videos} videos and ${released.frames} frames of ${id} for other rounds.\n` +
        `Its task is left as it is, and nobody fetches its labels any more: ${taskUrl}`;
      printResult(options.json, { roundId: id, ...released, task: { id: taskId, url: taskUrl } }, text);
    } finally {
      await catalog.close();
    }
  });
}
