import { expect } from 'vitest';
import { completeJobs, runCli } from '../../helpers/cli.js';
import { until } from '../../helpers/programs.js';
import { patience } from '../rig.js';
import type { Fault, Trial } from '../trial.js';

/** Several rounds that begin at the same moment and are given the same video, one of them twice. */
async function roundsAtOnce(trial: Trial): Promise<void> {
  const rig = await trial.rig({ config: { schedules: [{ id: 'twice', cron: '0 3 29 2 *', timezone: 'UTC' }] } });
  const applied = await runCli(['schedule', 'apply'], { cwd: rig.folder, env: rig.env });
  expect(applied.exitCode).toBe(0);
  const schedule = rig.client.schedule.getHandle('twice');
  await Promise.all([
    ...[schedule.trigger(), schedule.trigger()],
    ...[rig.startRound({ videos: [trial.clip, trial.clip] }, 'one'), rig.startRound({}, 'other')],
  ]);
  rig.startWorker();
  // The first task of the server, once its boxes are there and somebody waits for it.
  const waiting = rig.client.workflow.getHandle('cvat-task-1');
  const status = () =>
    waiting.describe().then(
      ({ status }) => status.name,
      () => undefined,
    );
  // The one of an earlier run has ended.
  await until('a round to wait for people', async () => (await status()) === 'RUNNING', patience);
  await completeJobs(await rig.cvat(), 1);
  const running = `WorkflowType = 'ActiveLearningWorkflow' AND ExecutionStatus = 'Running'`;
  await until('all rounds to end', async () => (await rig.client.workflow.count(running)).count === 0, patience);

  const { count } = await rig.client.workflow.count(`WorkflowType = 'ActiveLearningWorkflow'`);
  expect(count).toBeGreaterThanOrEqual(3);
  await schedule.delete();
  // Whoever found none when it began made one.
  expect(await (await rig.cvat()).list('/api/projects')).toHaveLength(1);
  // Which of the rounds had the video, only its files say.
  await trial.judge(rig, { only: /^(file frames|candidate|in the catalog|task|frame|box)/ });
}

export const doubleFaults: Fault[] = [
  { id: '10-rounds-at-once', title: '10 rounds at once, video twice', play: roundsAtOnce },
];
