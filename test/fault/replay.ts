import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import path from 'node:path';
import { projectRoot } from '../../src/tools/index.js';

/**
 * Replays every workflow that the query finds: one that does not replay would fail on the worker that takes it over.
 * Gives their number, and of how many events the longest history is.
 */
export async function replayAll(client: Client, query: string): Promise<{ histories: number; longest: number }> {
  const workflowBundle = { codePath: path.join(projectRoot(), 'dist', 'workflow-bundle.js') };
  let histories = 0;
  let longest = 0;
  async function* found() {
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      longest = Math.max(longest, history.events?.length ?? 0);
      yield { workflowId, history };
    }
  }
  // One worker for all: with its last worker the SDK's runtime goes, and another one that comes at that moment fails.
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, found())) {
    if (error) throw error;
    histories += 1;
  }
  return { histories, longest };
}
