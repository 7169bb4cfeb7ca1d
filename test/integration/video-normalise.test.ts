import { copyFile, readdir, readFile, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/files.js';
import { normaliseVideo, probeVideo } from '../../src/video/index.js';
import { decodedTimes, ffmpeg, h264, temporaryFolder, testPicture } from './video-clips.js';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => ({ folder, remove } = await temporaryFolder()));
afterAll(() => remove());

const at = (name: string): string => path.join(folder, name);
const bFrames = [...h264, '-preset', 'fast', '-bf', '3', '-g', '50'];
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'];

/** File, what ffmpeg is told to make, and the least that has to be done to it. */
const table: [string, string[], 'none' | 'remux' | 'transcode'][] = [
  ['good.mp4', bFrames, 'none'],
  ['good.mkv', bFrames, 'none'],
  ['good.webm', vp9, 'none'],
  ['hevc.mp4', ['-c:v', 'libx265', '-x265-params', 'log-level=error', '-pix_fmt', 'yuv420p'], 'none'],
  ['wrong-container.ts', bFrames, 'remux'],
  ['wrong-container-avi.avi', [...bFrames, '-bf', '0'], 'remux'],
  // AVI keeps no times of presentation, so reordered frames have to be decoded to get them.
  ['reordered.avi', bFrames, 'transcode'],
  ['wrong-container-flv.flv', bFrames, 'remux'],
  ['good-av1.mkv', ['-c:v', 'libsvtav1', '-preset', '12', '-svtav1-params', 'log=-1'], 'none'],
  ['ten-bit.mkv', [...bFrames, '-pix_fmt', 'yuv420p10le'], 'transcode'],
  ['full-colour.mp4', [...bFrames, '-pix_fmt', 'yuv444p'], 'transcode'],
  ['full-range.mp4', [...bFrames, '-pix_fmt', 'yuvj420p'], 'transcode'],
  ['interlaced.mp4', [...bFrames, '-flags', '+ilme+ildct', '-vf', 'setfield=tff', '-x264opts', 'tff=1'], 'transcode'],
  ['old.mpg', ['-c:v', 'mpeg2video', '-pix_fmt', 'yuv420p'], 'transcode'],
  ['old-mpeg4.avi', ['-c:v', 'mpeg4'], 'transcode'],
];

describe('the least work that makes a video fit for every later step', () => {
  it.each(table)('%s', async (name, codec, action) => {
    await ffmpeg(...testPicture(3), ...codec, at(name));
    const original = sha256(await readFile(at(name)));
    const result = await normaliseVideo(at(name));
    expect(result.action).toBe(action);
    expect(sha256(await readFile(at(name)))).toBe(original);
    const probe = await probeVideo(result.file);
    expect(probe).toMatchObject({ usable: true, pixelFormat: 'yuv420p', width: 160, height: 120 });
    if (action === 'none') expect(result.file).toBe(at(name));
    else expect(probe).toMatchObject({ codec: 'h264', container: 'mov,mp4,m4a,3gp,3g2,mj2' });
    // 3 s at 25 frames per second: no frame is lost, doubled or moved on the way (.flv rounds to milliseconds).
    const times = await decodedTimes(result.file);
    expect(times.map((time) => (time - (times[0] ?? 0)).toFixed(2))).toEqual(
      Array.from({ length: 75 }, (_, index) => (index / 25).toFixed(2)),
    );

    const before = await stat(result.file);
    expect(await normaliseVideo(at(name))).toEqual({ file: result.file, action: 'none' });
    expect((await stat(result.file)).mtimeMs).toBe(before.mtimeMs);
  });

  it('the times of a variable frame rate stay as they are', async () => {
    const holes = ['-vf', "select='gt(mod(n*7,11),3)'", '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
    await ffmpeg(...testPicture(5), ...holes, ...bFrames, '-pix_fmt', 'yuv420p10le', at('holes.mkv'));
    const times = await decodedTimes(at('holes.mkv'));
    const { file } = await normaliseVideo(at('holes.mkv'));
    const after = await decodedTimes(file);
    // Matroska rounds to milliseconds.
    expect(after.map((time) => (time - (after[0] ?? 0)).toFixed(2))).toEqual(
      times.map((time) => (time - (times[0] ?? 0)).toFixed(2)),
    );
  });

  it('odd sizes, and a picture that was turned, come out upright and whole', async () => {
    await ffmpeg(...testPicture(1), '-vf', 'format=yuv444p,scale=333:517', '-c:v', 'ffv1', at('odd.mkv'));
    expect(await probeVideo((await normaliseVideo(at('odd.mkv'))).file)).toMatchObject({ width: 332, height: 516 });
    await ffmpeg(...testPicture(1), ...h264, '-pix_fmt', 'yuv444p', at('flat.mp4'));
    await ffmpeg('-display_rotation', '90', '-i', at('flat.mp4'), '-c', 'copy', at('turned.mp4'));
    expect(await probeVideo((await normaliseVideo(at('turned.mp4'))).file)).toMatchObject({
      ...{ rotation: 0, width: 120, height: 160 },
    });
  });
});

describe('names and the original', () => {
  it('an unrelated file that has the name is left alone', async () => {
    await ffmpeg(...testPicture(2), ...bFrames, at('match.mp4'));
    await ffmpeg(...testPicture(1), ...bFrames, at('match.ts'));
    const unrelated = sha256(await readFile(at('match.mp4')));
    expect(await normaliseVideo(at('match.ts'))).toEqual({ file: at('match.normalised.mp4'), action: 'remux' });
    expect(sha256(await readFile(at('match.mp4')))).toBe(unrelated);
  });

  it('the original goes only when asked, and a run after that finds the result', async () => {
    await ffmpeg(...testPicture(1), ...bFrames, at('gone.ts'));
    expect(await normaliseVideo(at('gone.ts'), { removeOriginal: true })).toEqual({
      file: at('gone.mp4'),
      action: 'remux',
    });
    expect((await readdir(folder)).filter((name) => name.includes('gone'))).toEqual(['gone.mp4']);
    expect(await normaliseVideo(at('gone.ts'), { removeOriginal: true })).toEqual({
      file: at('gone.mp4'),
      action: 'none',
    });
    expect((await readdir(folder)).filter((name) => name.includes('gone'))).toEqual(['gone.mp4']);
  });

  it('a file that is not there or not a video has its own error', async () => {
    await expect(normaliseVideo(at('nowhere.ts'))).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' });
    await ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac', at('sound.mp4'));
    await expect(normaliseVideo(at('sound.mp4'))).rejects.toMatchObject({ code: 'VIDEO_UNUSABLE', retryable: false });
  });
});

describe('being stopped', () => {
  it('progress rises to 1; an abort leaves the original and nothing else', async () => {
    await ffmpeg(...testPicture(20, '25', '640x360'), ...h264, '-pix_fmt', 'yuv444p', at('long.mkv'));
    const controller = new AbortController();
    await expect(
      normaliseVideo(at('long.mkv'), {
        signal: controller.signal,
        removeOriginal: true,
        onProgress: () => controller.abort(new Error('enough')),
      }),
    ).rejects.toThrow('enough');
    expect((await readdir(folder)).filter((name) => name.includes('long'))).toEqual(['long.mkv']);
    const shares: number[] = [];
    await normaliseVideo(at('long.mkv'), { onProgress: (share) => shares.push(share) });
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });

  it('a file that was cut off leaves no result under a final name', async () => {
    await ffmpeg(...testPicture(5), ...h264, '-pix_fmt', 'yuv444p', '-movflags', '+faststart', at('cut.mp4'));
    await truncate(at('cut.mp4'), 3000);
    await expect(normaliseVideo(at('cut.mp4'))).rejects.toMatchObject({
      code: expect.stringMatching(/^VIDEO_/) as string,
    });
    await copyFile(at('cut.mp4'), at('cut-copy.mp4'));
    expect((await readdir(folder)).filter((name) => name.startsWith('cut') || name.startsWith('.cut'))).toEqual([
      'cut-copy.mp4',
      'cut.mp4',
    ]);
  });
});
