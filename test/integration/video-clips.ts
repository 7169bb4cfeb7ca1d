import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { findTool } from '../../src/tools/index.js';

/** A folder for one test file. */
export async function temporaryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-video-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs the same ffmpeg as the product, as a user would on the command line. */
export async function ffmpeg(...programArguments: string[]): Promise<void> {
  await execa((await findTool('ffmpeg')).path, ['-v', 'error', '-nostdin', '-y', ...programArguments]);
}

/** A moving test picture with a clock, small enough to be encoded in a moment. */
export function testPicture(seconds: number, rate = '25', size = '160x120'): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`];
}

export const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** Times of all frames of the first video stream in order of presentation, as ffprobe's full decode finds them. */
export async function decodedTimes(file: string): Promise<number[]> {
  const lines = await ffprobe(file, 'frame=best_effort_timestamp_time');
  return lines.map((line) => parseFloat(line)).filter((time) => Number.isFinite(time));
}

/** Times of the keyframes of the first video stream, from its start, as its container marks them. */
export async function keyframeTimes(file: string): Promise<number[]> {
  const packets = (await ffprobe(file, 'packet=pts_time,flags')).map((line) => line.split(','));
  const start = Math.min(...packets.map(([time]) => Number(time)));
  return packets.filter(([, flags]) => flags?.startsWith('K')).map(([time]) => Number(time) - start);
}

async function ffprobe(file: string, entries: string): Promise<string[]> {
  const selected = ['-select_streams', 'v:0', '-show_entries', entries, '-of', 'csv=p=0'];
  const { stdout } = await execa((await findTool('ffprobe')).path, ['-v', 'error', ...selected, file], {
    // Keeps a statically linked ffprobe from crashing on .ts files.
    env: { GCONV_PATH: devNull },
  });
  return stdout.split('\n').filter((line) => line !== '');
}

/** First frame at or after each k·N by brute force over all frames, each frame once. */
export function firstAtOrAfter(times: number[], everySeconds: number): number[] {
  const start = Math.min(...times);
  const relative = times.map((time) => time - start).sort((a, b) => a - b);
  const wanted: number[] = [];
  for (let k = 0; k * everySeconds <= (relative.at(-1) ?? 0) + 1e-6; k++) {
    const first = relative.find((time) => time >= k * everySeconds - 1e-6);
    if (first !== undefined && wanted.at(-1) !== first) wanted.push(first);
  }
  return wanted;
}
