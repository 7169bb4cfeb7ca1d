import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { bytes, startServer } from '../../integration/sources-server.js';
import { everythingBelow, unlessGone } from '../../helpers/files.js';
import { until } from '../../helpers/programs.js';
import { outcomeOf, processesIn } from '../outcome.js';
import { repetitions } from '../records.js';
import { patience, type Rig } from '../rig.js';
import type { Fault, Trial } from '../trial.js';

/** A dead worker is noticed by the missing heartbeat, and the next attempt goes on after the last frame written down. */
async function killedWhilePredicting(trial: Trial): Promise<void> {
  const rig = await trial.rig();
  const { worker } = await rig.startWorkerAtGate(trial.frame);
  const round = await rig.startRound();
  const video = await rig.untilVideo(round);
  await rig.untilFrames(trial.frame);
  await worker.kill();
  trial.killed();
  expect(await rig.framesDone()).toBe(trial.frame);
  rig.startWorker();
  await rig.reviewAndFinish(round);

  const attempts = await rig.attempts(video, 'processVideo');
  expect(attempts).toMatchObject([{ attempt: 2, why: expect.stringMatching(/heartbeat/i) as string }]);
  await trial.judge(rig);
}

/** A site that sends half of a video and then nothing more, until it is told to. */
async function haltingSite(trial: Trial) {
  const clip = await readFile(trial.clip);
  let open = false;
  const whole = bytes(clip);
  const site = await startServer({
    '/clip.mp4': (request, response) => {
      if (open || request.method === 'HEAD') return whole(request, response);
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.length, 'accept-ranges': 'bytes' });
      response.write(clip.subarray(0, clip.length / 2));
    },
  });
  trial.after(() => site.close());
  return { ...site, url: `${site.origin}/clip.mp4`, goOn: () => (open = true) };
}

async function partialBytes({ data }: Rig): Promise<number> {
  const folder = path.join(data, 'videos');
  const files = (await everythingBelow(folder)).filter(({ name }) => name.endsWith('.part'));
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await unlessGone(stat(path.join(parentPath, name))))?.size ?? 0),
  );
  return Math.max(0, ...sizes);
}

/** Told to stop, a worker takes its programs with it, and leaves what they have fetched to the next one. */
async function stoppedWhileDownloading(trial: Trial): Promise<void> {
  const site = await haltingSite(trial);
  const rig = await trial.rig();
  const worker = rig.startWorker();
  const round = await rig.startRound({ videos: [site.url] });
  const video = await rig.untilVideo(round);
  await until('half of the download', async () => (await partialBytes(rig)) > 0, patience);
  const running = (await processesIn(rig.folder)).length;
  await worker.stop();
  trial.killed();
  // yt-dlp and its worker are gone, the annotation server stays; what came is kept.
  expect(worker.exitCode).toBe(0);
  expect(running).toBeGreaterThan(2);
  await until('yt-dlp to be gone', async () => (await processesIn(rig.folder)).length <= 1, patience);
  const kept = await partialBytes(rig);
  expect(kept).toBeGreaterThan(0);

  site.goOn();
  const next = rig.startWorker();
  await rig.reviewAndFinish(round);
  expect(site.ranges).toContain(`bytes=${kept}-`);
  expect(await rig.attempts(video, 'downloadVideo')).toMatchObject([{ attempt: 2 }]);
  // Else it would plan the round of the other host.
  await next.stop();

  const calm = await trial.rig();
  calm.startWorker();
  // Both rounds fetch the video from this address, by which it is known.
  await calm.reviewAndFinish(await calm.startRound({ videos: [site.url] }, 'round-1'));
  await trial.judge(rig, { undisturbed: await outcomeOf(calm) });
}

/** A host that never comes back: its round is given up by whoever looks after it, and another host takes the video. */
async function hostGoneForGood(trial: Trial): Promise<void> {
  const gone = await trial.rig();
  const { worker } = await gone.startWorkerAtGate(trial.frame);
  const given = await gone.startRound({}, 'given-up');
  const video = await gone.untilVideo(given);
  await gone.untilFrames(trial.frame, 'given-up');
  await worker.kill();
  trial.killed();

  const rig = await trial.rig();
  rig.startWorker();
  await given.cancel();
  await until(
    'the video to be given up',
    async () => (await rig.client.workflow.getHandle(video).describe()).status.name === 'CANCELLED',
    patience,
  );
  await rig.reviewAndFinish(await rig.startRound());
  // It would like to give its videos back, but ends although nobody is there to take them.
  if (repetitions > 1) await expect(given.result()).rejects.toThrow(/cancelled/i);
  await trial.judge(rig);
}

/** A round that somebody terminated in the UI gives nothing back; the next round takes what it held. */
async function roundTerminated(trial: Trial): Promise<void> {
  const rig = await trial.rig();
  const { worker, gate } = await rig.startWorkerAtGate(trial.frame);
  const terminated = await rig.startRound({}, 'terminated');
  await rig.untilFrames(trial.frame, 'terminated');
  await terminated.terminate();
  trial.killed();
  await gate.open();
  await rig.reviewAndFinish(await rig.startRound());
  // Its folder is for nobody any more: a part of the video is in it, or the whole, by when the worker heard of the end.
  await worker.stop();
  await rm(path.join(rig.data, 'rounds', 'terminated'), { recursive: true });
  await trial.judge(rig, { only: /^(?!round failed)/ });
}

export const workerFaults: Fault[] = [
  { id: '1-worker-killed', title: '1 worker killed at a frame', play: killedWhilePredicting },
  { id: '2-worker-stopped', title: '2 worker stopped while downloading', play: stoppedWhileDownloading },
  { id: '9-host-gone', title: '9 host gone for good', play: hostGoneForGood },
  { id: '9-terminated', title: '9 round terminated', play: roundTerminated },
];
