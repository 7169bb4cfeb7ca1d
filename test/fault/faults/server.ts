import path from 'node:path';
import { expect } from 'vitest';
import { runCli, shownError } from '../../helpers/cli.js';
import { freePort, startTemporal, until } from '../../helpers/programs.js';
import { patience } from '../rig.js';
import type { Fault, Trial } from '../trial.js';

/** The server dies while a video is in work, and with the annotation server while people are waited for. */
async function serverKilled(trial: Trial): Promise<void> {
  const port = await freePort();
  const rig = await trial.rig({
    ...{ address: `127.0.0.1:${port}`, namespace: 'default' },
    config: { schedules: [{ id: 'nightly', cron: '0 3 29 2 *', timezone: 'UTC' }] },
  });
  const startServer = async () => rig.adopt(await startTemporal(path.join(rig.folder, 'temporal.sqlite'), port));
  let server = await startServer();
  const killServer = async () => {
    await server.kill();
    trial.killed();
    server = await startServer();
  };
  const command = (...args: string[]) => runCli(args, { cwd: rig.folder, env: rig.env });
  expect((await command('schedule', 'apply')).exitCode).toBe(0);
  const { gate } = await rig.startWorkerAtGate(trial.frame);
  const round = await rig.startRound();
  await rig.untilFrames(trial.frame);
  await killServer();
  await gate.open();
  await rig.untilWaiting(round);
  await killServer();
  await rig.killReview();
  trial.killed();
  await rig.reviewAndFinish(round);

  await until(
    'the schedule to be listed',
    async () => {
      const { stdout } = await command('schedule', 'list', '--json');
      return (JSON.parse(stdout || '[]') as { id: string; next: string[] }[]).some(
        ({ id, next }) => id === 'nightly' && next.length > 0,
      );
    },
    patience,
  );
  await trial.judge(rig);
}

/** A worker that is started first waits for its server; a command says what is wrong and ends. */
async function serverNotThereYet(trial: Trial): Promise<void> {
  const port = await freePort();
  const rig = await trial.rig({ address: `127.0.0.1:${port}`, namespace: 'default' });
  const worker = rig.startWorker();
  const { exitCode, stderr } = await runCli(['status'], { cwd: rig.folder, env: rig.env });
  expect({ exitCode, code: shownError(stderr).code }).toEqual({ exitCode: 1, code: 'TEMPORAL_UNREACHABLE' });
  expect(worker.running).toBe(true);

  rig.adopt(await startTemporal(path.join(rig.folder, 'temporal.sqlite'), port));
  await rig.reviewAndFinish(await rig.startRound());
  expect(worker.running).toBe(true);
  await trial.judge(rig);
}

export const serverFaults: Fault[] = [
  { id: '3-server-killed', title: '3 servers killed, at work and waiting', play: serverKilled },
  { id: '4-server-late', title: '4 server down at the start', play: serverNotThereYet },
];
