import { expect } from 'vitest';
import { TcpProxy } from '../../helpers/tcp-proxy.js';
import { until } from '../../helpers/programs.js';
import { patience, type Rig } from '../rig.js';
import type { Fault, Trial } from '../trial.js';

/** Waits until the first attempt at a video has been given up, as the silence of its worker makes the server do. */
async function untilSecondAttempt(rig: Rig, video: string): Promise<void> {
  await until(
    'the second attempt',
    async () => {
      const { raw, status } = await rig.client.workflow.getHandle(video).describe();
      return status.name !== 'RUNNING' || raw.pendingActivities?.some(({ attempt }) => (attempt ?? 1) > 1);
    },
    patience,
  );
}

/** The worker goes on with its video and cannot say so; another one is given the same video. */
async function wireCut(trial: Trial): Promise<void> {
  const rig = await trial.rig();
  const { port } = new URL(`http://${rig.env.TEMPORAL_ADDRESS}`);
  const wire = await TcpProxy.start(Number(port));
  trial.after(() => wire.close());
  const { worker: cutOff, gate } = await rig.startWorkerAtGate(trial.frame, { TEMPORAL_ADDRESS: wire.address });
  const round = await rig.startRound();
  const video = await rig.untilVideo(round);
  await rig.untilFrames(trial.frame);
  wire.part();
  trial.parted();
  await gate.open();
  rig.startWorker();
  await untilSecondAttempt(rig, video);
  wire.heal();
  await rig.reviewAndFinish(round);

  expect(cutOff.running).toBe(true);
  expect((await rig.attempts(video, 'processVideo'))[0]?.attempt).toBeGreaterThan(1);
  await trial.judge(rig);
}

/**
 * The worker is frozen in the middle of a video, and wakes up while another one is at it. The server may give the frozen one
 * the next attempt, too, for which it had asked.
 */
async function frozen(trial: Trial): Promise<void> {
  const rig = await trial.rig();
  const { worker: sleeper, gate } = await rig.startWorkerAtGate(trial.frame);
  const round = await rig.startRound();
  const video = await rig.untilVideo(round);
  await rig.untilFrames(trial.frame);
  sleeper.signal('SIGSTOP');
  trial.parted();
  await gate.open();
  rig.startWorker();
  await until('the other worker to go on', async () => (await rig.framesDone()) > trial.frame, patience);
  sleeper.signal('SIGCONT');
  await rig.reviewAndFinish(round);

  expect(sleeper.running).toBe(true);
  expect((await rig.attempts(video, 'processVideo'))[0]?.attempt).toBeGreaterThan(1);
  await trial.judge(rig);
}

export const partitionFaults: Fault[] = [
  { id: '5-wire-cut', title: '5 worker cut off from the server', play: wireCut },
  { id: '5-frozen', title: '5 worker frozen, wakes up later', play: frozen },
];
