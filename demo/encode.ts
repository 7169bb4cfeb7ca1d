import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { commitFile, temporaryName } from '../src/common/files.js';
import { findTool } from '../src/tools/index.js';

export interface Encoding {
  width: number;
  height: number;
  fps: number;
  /** x264's constant rate factor: 18 looks perfect, 36 is a mess. */
  crf: number;
  preset: 'veryfast' | 'medium' | 'slow';
}

/**
 * Encodes RGB pictures to H.264. The file appears when it is complete.
 * @param pictures in order; each buffer is copied before the next is asked for
 */
export async function encodeVideo(file: string, pictures: Iterable<Uint8Array>, encoding: Encoding): Promise<void> {
  const ffmpeg = await findTool('ffmpeg');
  const { width, height, fps, crf, preset } = encoding;
  const temporary = temporaryName(file);
  await mkdir(path.dirname(file), { recursive: true });
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-video_size', `${width}x${height}`, '-framerate', `${fps}`];
  // One thread: x264 divides the picture among threads, and the result depends on their number.
  const x264 = ['-c:v', 'libx264', '-preset', preset, '-crf', `${crf}`, '-threads', '1', '-pix_fmt', 'yuv420p'];
  const keyframes = ['-g', `${Math.max(1, Math.round(2 * fps))}`];
  const container = ['-movflags', '+faststart', '-fflags', '+bitexact', '-flags:v', '+bitexact'];
  try {
    await execa(
      ffmpeg.path,
      ['-v', 'error', '-y', ...input, '-i', '-', ...x264, ...keyframes, ...container, temporary],
      { stdin: copies(pictures) },
    );
    await commitFile(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- execa takes asynchronous iterables only
async function* copies(pictures: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const picture of pictures) yield Buffer.from(picture);
}
