/** One round over many short videos on this machine: throughput, memory of the worker, size of the history, cancellation. */
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readProgress, startRound, type RoundHandle } from '../src/client/rounds.js';
import { findTool } from '../src/tools/index.js';
import { demoModel, writeSettings } from '../test/helpers/cli.js';
import { freePort, startOurs, startTemporal, until } from '../test/helpers/programs.js';
import { withFolder } from './support/folder.js';

export const description = 'a round over 300 (or the given number of) short videos, and its cancellation';

const targets = { megabytes: 700, events: 10_000, cancelSeconds: 10 };
const patienceSeconds = 3600;

export async function run([count = '300']: string[]): Promise<void> {
  await withFolder(async (folder) => {
    const videos = await makeClips(path.join(folder, 'clips'), Number(count));
    const off = { enabled: false };
    const steps = { upload_labels: off, download_labels: off };
    await writeSettings(folder, { video: { framerate: 1 }, steps }, { MODEL_PATH: demoModel });
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const temporal = await startTemporal(path.join(folder, 'temporal.sqlite'), port);
    const worker = startOurs('client/main.js', ['worker', '--quiet'], {
      cwd: folder,
      env: { TEMPORAL_ADDRESS: address },
    });
    const connection = await Connection.connect({ address });
    try {
      const client = new Client({ connection });
      const cancelled = await cancelInTheMiddle(
        await startRound(client, 'cancelled', { videos: [videos] }),
        worker.pid,
      );
      const start = performance.now();
      const handle = await startRound(client, 'whole', { videos: [videos] });
      const result = await handle.result();
      const minutes = (performance.now() - start) / 60_000;
      if (result.videos.processed !== Number(count))
        throw new Error(`${result.videos.processed} videos were processed`);
      const events = (await handle.fetchHistory()).events?.length ?? NaN;
      const megabytes = await peakMegabytes(worker.pid);
      console.log(
        `${count} videos, ${result.frames.sampled} frames: ${(Number(count) / minutes).toFixed(0)} videos per minute`,
      );
      report('peak memory of the worker, MB', megabytes, targets.megabytes);
      report('events of the round', events, targets.events);
      report('seconds until a cancelled round has ended with its videos', cancelled, targets.cancelSeconds);
    } finally {
      await connection.close();
      await worker.stop();
      await temporal.stop();
    }
  });
}

function report(what: string, value: number, target: number): void {
  const reached = value <= target;
  console.log(`${what}: ${value.toFixed(value < 100 ? 1 : 0)}, target ≤ ${target}: ${reached ? 'reached' : 'MISSED'}`);
  if (!reached) process.exitCode = 1;
}

/** Seconds from the cancellation to the end of the round, its videos and their programs. */
async function cancelInTheMiddle(handle: RoundHandle, workerPid: number): Promise<number> {
  await until('some videos', async () => (await readProgress(handle)).videos.done >= 5, patienceSeconds);
  const { inFlight } = (await readProgress(handle)).videos;
  const start = performance.now();
  await handle.cancel();
  await handle.result().catch(() => undefined); // a cancelled round has none
  const seconds = (performance.now() - start) / 1000;
  for (const videoKey of inFlight) {
    const { status } = await handle.client.getHandle(`video-${videoKey}`).describe();
    if (status.name === 'RUNNING') throw new Error(`${videoKey} runs after the end of its round`);
  }
  const { stdout } = await execa('ps', ['--ppid', `${workerPid}`, '-o', 'args='], { reject: false });
  if (stdout.trim() !== '') throw new Error(`programs run after the end of the round:\n${stdout}`);
  return seconds;
}

/** Cuts a moving test picture into clips of 2 s. */
async function makeClips(folder: string, count: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { path: ffmpeg } = await findTool('ffmpeg');
  const picture = `testsrc2=size=320x180:rate=10:duration=${2 * count}`;
  await execa(ffmpeg, [
    ...['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', picture, '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', '-g', '20', '-sc_threshold', '0', '-f', 'segment', '-segment_time', '2'],
    ...['-reset_timestamps', '1', path.join(folder, '%04d.mp4')],
  ]);
  return folder;
}

async function peakMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}
