import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { findTool } from '../../src/tools/index.js';

/** Git ignores it. What is in it is made anew when it is missing. */
const cacheFolder = path.join(import.meta.dirname, '..', '.cache');

/** Both 250 and 48 divide it, so that the keyframes of the repeated piece stay evenly spaced. */
const pieceSeconds = 200;

/**
 * A noisy moving test picture as H.264, 1280x720, 30 frames per second, 2.5 Mb/s, with B-frames and a keyframe every
 * `groupOfPictures` frames and nowhere else. A piece of 200 s is encoded and then repeated without encoding: encoding is
 * slow, and a decoder has the same work with each repetition.
 *
 * @param seconds a multiple of 200, or less than 200
 */
export async function testVideo(groupOfPictures: number, seconds: number): Promise<string> {
  const file = path.join(cacheFolder, `noise-720p-g${groupOfPictures}-${seconds}s.mp4`);
  if (existsSync(file)) return file;
  await mkdir(cacheFolder, { recursive: true });
  const ffmpeg = await findTool('ffmpeg');
  const run = async (...args: string[]): Promise<void> => {
    await execa(ffmpeg.path, ['-v', 'error', '-nostdin', '-y', ...args], { stdin: 'ignore' });
  };
  console.error(`Making ${path.basename(file)} (once; takes a minute or two) …`);
  const length = Math.min(seconds, pieceSeconds);
  const piece = path.join(cacheFolder, `.piece-${process.pid}.mp4`);
  const whole = path.join(cacheFolder, `.whole-${process.pid}.mp4`);
  try {
    const group = String(groupOfPictures);
    await run(
      ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=30:duration=${length},noise=alls=24:allf=t`],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-b:v', '2500k', '-maxrate', '2500k'],
      ...['-bufsize', '2500k', '-g', group, '-keyint_min', group, '-sc_threshold', '0', piece],
    );
    const repetitions = String(Math.round(seconds / length) - 1);
    await run('-stream_loop', repetitions, '-i', piece, '-c', 'copy', '-movflags', '+faststart', whole);
    await rename(whole, file);
  } finally {
    await rm(piece, { force: true });
    await rm(whole, { force: true });
  }
  return file;
}
