import { Worker } from '@temporalio/worker';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflows } from '../helpers/workflow-environment.js';

const folder = fileURLToPath(new URL('../fixtures/histories', import.meta.url));
const histories = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

interface History {
  events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

const read = async (name: string) => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as History;

/** Rounds of every release may be waiting for people when the workers are updated: the new code must go on with them. */
describe('histories of released workflows', () => {
  let workflowBundle: WorkflowBundleWithSourceMap;
  beforeAll(async () => {
    workflowBundle = await bundleWorkflows();
  });

  it.each(histories)('%s replays', async (name) => {
    await Worker.runReplayHistory({ workflowBundle }, await read(name));
  });

  it('a history that this code would not have made is refused', async () => {
    const name = histories.find((each) => each.endsWith('round-normal.json')) ?? '';
    const history = await read(name);
    const first = history.events.find((event) => event.activityTaskScheduledEventAttributes);
    expect(first?.activityTaskScheduledEventAttributes?.activityType.name).toBe('planRound');
    if (first?.activityTaskScheduledEventAttributes) {
      first.activityTaskScheduledEventAttributes.activityType.name = 'selectFrames';
    }
    await expect(Worker.runReplayHistory({ workflowBundle }, history)).rejects.toThrow(/Nondeterminism/);
  });
});
