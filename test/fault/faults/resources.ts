import { execa } from 'execa';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { roundResult } from '../../../src/client/rounds.js';
import { projectRoot } from '../../../src/tools/index.js';
import { demoModel } from '../../helpers/cli.js';
import { Program, until } from '../../helpers/programs.js';
import { patience } from '../rig.js';
import type { Fault, Trial } from '../trial.js';

/** A disk of 8 MiB that only the program that follows sees, filled but for half a MiB. */
const onSmallDisk = [
  'mount -t tmpfs -o size=8m frameloop "$1" || exit 3',
  'head -c 7864320 /dev/zero > "$1/ballast"; shift; exec "$@"',
].join('\n');

async function cannotMakeDisks(): Promise<string | undefined> {
  const { failed } = await execa('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'frameloop', '/mnt'], { reject: false });
  return failed ? 'this user may not mount a disk of its own (unshare)' : undefined;
}

/** The disk fills while frames are written; the round says so, and goes on when there is space again. */
async function diskFull(trial: Trial): Promise<void> {
  const rig = await trial.rig();
  const frames = path.join(rig.data, 'frames');
  await mkdir(frames, { recursive: true });
  const program = [process.execPath, path.join(projectRoot(), 'dist', 'client', 'main.js'), 'worker', '--quiet'];
  const args = ['-rm', 'sh', '-c', onSmallDisk, 'sh', frames, ...program];
  const worker = rig.adopt(new Program('unshare', args, { cwd: rig.folder, env: rig.env }));
  const round = await rig.startRound();
  const video = await rig.untilVideo(round);
  await until(
    'the disk to be full',
    async () => {
      const { raw } = await rig.client.workflow.getHandle(video).describe();
      return raw.pendingActivities?.some((each) => each.lastFailure?.applicationFailureInfo?.type === 'DISK_FULL');
    },
    patience,
  );
  // As the worker sees it.
  const root = `/proc/${worker.pid}/root`;
  await rm(path.join(root, frames, 'ballast'));
  await rig.reviewAndFinish(round);
  await trial.judge(rig, { files: path.join(root, rig.data) });
}

/** What cannot be mended by trying again is told at once, with its code, and takes nothing else with it. */
async function brokenFiles(trial: Trial): Promise<void> {
  const rig = await trial.rig({ env: { MODEL_PATH: 'model.onnx' } });
  rig.startWorker();
  const without = await rig.startRound({}, 'without-model');
  await expect(roundResult(without)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', retryable: false });
  expect(await rig.attempts('without-model', 'planRound')).toMatchObject([{ attempt: 1 }]);

  await copyFile(demoModel, path.join(rig.folder, 'model.onnx'));
  const clip = await readFile(trial.clip);
  const torn = path.join(rig.folder, 'torn.mp4');
  await writeFile(torn, clip.subarray(0, clip.length / 2));
  const result = await rig.reviewAndFinish(await rig.startRound({ videos: [torn, trial.clip] }));
  expect(result.videos).toMatchObject({ found: 2, processed: 1, failed: [{ video: 'torn', code: 'VIDEO_UNUSABLE' }] });
  // The report counts the videos that failed.
  await trial.judge(rig, { only: /^(?!in the catalog: failed|round failed|file dataset\/report.html)/ });
}

export const resourceFaults: Fault[] = [
  { id: '8-disk-full', title: '8 disk full', play: diskFull, impossible: cannotMakeDisks },
  { id: '8-broken-files', title: '8 torn video, missing model', play: brokenFiles },
];
