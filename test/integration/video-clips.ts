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
  const entries = ['-select_streams', 'v:0', '-show_entries', 'frame=best_effort_timestamp_time', '-of', 'csv=p=0'];
  const { stdout } = await execa((await findTool('ffprobe')).path, ['-v', 'error', ...entries, file], {
    // Keeps a statically linked ffprobe from crashing on .ts files.
    env: { GCONV_PATH: devNull },
  });
  return stdout
    .split('\n')
    .map((line) => parseFloat(line))
    .filter((time) => Number.isFinite(time));
}
