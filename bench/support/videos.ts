import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { findTool } from '../../src/tools/index.js';

/** Git ignores it. What is in it is made anew when it is missing. */
const cacheFolder = path.join(import.meta.dirname, '..', '.cache');

/** Both 250 and 48 frames divide it, so that the keyframes of the repeated piece stay evenly spaced. */
const pieceSeconds = 200;

/**
 * A noisy moving test picture as H.264, 1280x720, 30 frames per second, 2.5 Mb/s, with B-frames and a keyframe every
 * `groupOfPictures` frames and nowhere else.
 *
 * @param seconds a multiple of 200, or less than 200
 */
export async function testVideo(groupOfPictures: number, seconds: number): Promise<string> {
  const length = Math.min(seconds, pieceSeconds);
  const group = String(groupOfPictures);
  return repeatedVideo(`noise-720p-g${groupOfPictures}-${seconds}s`, {
    picture: 'testsrc2=size=1280x720:rate=30,noise=alls=24:allf=t',
    encoder: [
      ...['-b:v', '2500k', '-maxrate', '2500k', '-bufsize', '2500k'],
      ...['-g', group, '-keyint_min', group, '-sc_threshold', '0'],
    ],
    seconds: length,
    times: Math.round(seconds / length),
  });
}

/**
 * A piece of a test picture as H.264, repeated without encoding it again: encoding is slow, and a decoder has the same
 * work with each repetition. Made once.
 */
export async function repeatedVideo(
  name: string,
  piece: { picture: string; seconds: number; encoder: string[]; times: number },
): Promise<string> {
  const file = path.join(cacheFolder, `${name}.mp4`);
  if (existsSync(file)) return file;
  await mkdir(cacheFolder, { recursive: true });
  const ffmpeg = await findTool('ffmpeg');
  const run = async (...args: string[]): Promise<void> => {
    await execa(ffmpeg.path, ['-v', 'error', '-nostdin', '-y', ...args], { stdin: 'ignore' });
  };
  console.error(`Making ${path.basename(file)}, once …`);
  const once = path.join(cacheFolder, `.once-${process.pid}.mp4`);
  const whole = path.join(cacheFolder, `.whole-${process.pid}.mp4`);
  try {
    const source = ['-f', 'lavfi', '-t', String(piece.seconds), '-i', piece.picture];
    await run(...source, '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', ...piece.encoder, once);
    const more = String(piece.times - 1);
    await run('-stream_loop', more, '-i', once, '-c', 'copy', '-movflags', '+faststart', whole);
    await rename(whole, file);
  } finally {
    await rm(once, { force: true });
    await rm(whole, { force: true });
  }
  return file;
}
