import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/common/errors.js';
import { probeVideo, sampleFrames } from '../../src/video/index.js';
import { decodedTimes, ffmpeg, firstAtOrAfter, h264, temporaryFolder, testPicture } from './video-clips.js';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  await ffmpeg(...testPicture(4), ...coded, '-movflags', '+faststart', at('index-first.mp4'));
  await ffmpeg(...testPicture(4), ...coded, at('index-last.mp4'));
  await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .jpeg()
    .toFile(at('red.jpg'));
});
afterAll(() => remove());

const at = (name: string): string => path.join(folder, name);
const coded = [...h264, '-g', '25', '-bf', '2'];
const sound = ['-f', 'lavfi', '-i', 'sine=duration=4'];
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'];
/** A picture with something in it, in any size, rate and length. */
const encode = (
  codec: string[],
  options: { seconds?: number; rate?: string; size?: string; before?: string[] } = {},
) => {
  const { seconds = 4, rate = '25', size = '160x120', before = [] } = options;
  return (file: string) => ffmpeg(...before, ...testPicture(seconds, rate, size), ...codec, file);
};
const cover = ['-map', '0', '-map', '1', '-c:v:0', 'mjpeg', '-disposition:v:0', 'attached_pic'];

/** What happens when one frame per second is asked for. */
interface Outcome {
  /** The probe says that it is no usable video, for this reason. */
  unusable?: RegExp;
  /** The frames before the damage are taken, then the work fails with this code. */
  fails?: string;
  /** Number of frames taken; their times are compared with those of a full decode in any case. */
  frames?: number;
  size?: [number, number];
}

const files: [name: string, outcome: Outcome, make: (file: string) => Promise<unknown>][] = [
  ['zero-bytes.mp4', { unusable: /empty/ }, (file) => writeFile(file, '')],
  ['page.mp4', { unusable: /not a readable video/ }, (file) => writeFile(file, '<!DOCTYPE html><html>404</html>')],
  ['words.txt', { unusable: /text file|not a readable/ }, (file) => writeFile(file, 'Only words.\n'.repeat(500))],
  ['noise.mkv', { unusable: /not a readable video|no video/ }, (file) => writeFile(file, Buffer.alloc(9999, 'x7\0'))],
  [
    'without-header.mp4',
    { unusable: /not a readable video|moov/ },
    async (file) => writeFile(file, (await readFile(at('index-first.mp4'))).subarray(3000)),
  ],
  [
    'index-cut-off.mp4',
    { unusable: /moov atom not found/ },
    async (file) => writeFile(file, (await readFile(at('index-last.mp4'))).subarray(0, -3000)),
  ],
  [
    'cut-tail.mp4',
    { fails: 'VIDEO_DAMAGED' },
    async (file) => {
      await writeFile(file, await readFile(at('index-first.mp4')));
      await truncate(file, 60_000);
    },
  ],
  ['sound.mp4', { unusable: /only audio/ }, (file) => ffmpeg(...sound, '-c:a', 'aac', file)],
  [
    'subtitles.mp4',
    { unusable: /only subtitle/ },
    (file) => writeFile(file, '1\n00:00:01,000 --> 00:00:02,000\nHello\n'),
  ],
  ['picture.mp4', { unusable: /still picture/ }, async (file) => writeFile(file, await readFile(at('red.jpg')))],
  [
    'drawing.mkv',
    { unusable: /still picture/ },
    (file) =>
      sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
        .png()
        .toFile(file),
  ],
  [
    'cover-only.m4a',
    { unusable: /only a cover picture/ },
    (file) => ffmpeg('-i', at('red.jpg'), ...sound, ...cover, '-c:a', 'aac', file),
  ],
  ['folder.mp4', { fails: 'VIDEO_NOT_FOUND' }, (file) => mkdir(file)],
  ['elementary-stream.h264', { unusable: /no duration/ }, encode(coded)],
  ['one-frame.mp4', { frames: 1 }, encode([...coded, '-frames:v', '1'])],
  ['ten-bit.mkv', { frames: 4 }, encode([...coded, '-pix_fmt', 'yuv420p10le'])],
  ['full-colour.mp4', { frames: 4 }, encode([...coded, '-pix_fmt', 'yuv444p'])],
  ['full-range.mp4', { frames: 4 }, encode([...coded, '-pix_fmt', 'yuvj420p'])],
  ['odd-size.mkv', { frames: 4, size: [333, 517] }, encode(['-vf', 'format=yuv444p,scale=333:517', '-c:v', 'ffv1'])],
  [
    'turned.mp4',
    { frames: 4, size: [120, 160] },
    (file) => ffmpeg('-display_rotation', '90', '-i', at('index-first.mp4'), '-c', 'copy', file),
  ],
  ['half-frame-per-second.mp4', { frames: 4 }, encode(coded, { seconds: 8, rate: '1/2' })],
  ['240-per-second.mp4', { frames: 4 }, encode(coded, { rate: '240' })],
  [
    'jump-in-time.mkv',
    // 0, 1 and 2 s; then nothing until the frames of the last two seconds, a thousand seconds later.
    { frames: 5 },
    encode([...coded, '-vf', "setpts='PTS+gt(N,50)*1000/TB'", '-fps_mode', 'passthrough']),
  ],
  [
    'two-videos.mkv',
    { frames: 4, size: [160, 120] },
    (file) => ffmpeg(...testPicture(4), ...testPicture(4, '25', '64x48'), '-map', '0', '-map', '1', ...coded, file),
  ],
  [
    'cover-before-video.mp4',
    { frames: 4, size: [160, 120] },
    (file) => ffmpeg('-i', at('red.jpg'), ...testPicture(4), ...cover, '-c:v:1', 'libx264', file),
  ],
  [
    'variable-rate.mp4',
    { frames: 4 },
    encode([...coded, '-vf', "select='gt(mod(n*7,11),3)'", '-fps_mode', 'passthrough', '-enc_time_base', '1:90000']),
  ],
  ['interlaced.mp4', { frames: 4 }, encode([...coded, '-flags', '+ilme+ildct', '-x264opts', 'tff=1'])],
  ['hevc.mp4', { frames: 4 }, encode(['-c:v', 'libx265', '-x265-params', 'log-level=error', '-g', '25'])],
  ['vp9.webm', { frames: 4 }, encode(vp9)],
  ['av1.mkv', { frames: 4 }, encode(['-c:v', 'libsvtav1', '-preset', '12', '-g', '25'])],
  ['old.avi', { frames: 4 }, encode(['-c:v', 'mpeg4'])],
  ['camera.avi', { frames: 4 }, encode(['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'])],
  ['windows.wmv', { frames: 4 }, encode(['-c:v', 'wmv2'])],
  ['stream.flv', { frames: 4 }, encode(coded)],
  ['broadcast.ts', { frames: 4 }, encode([...coded, '-output_ts_offset', '95000'])],
  ['animation.gif', { frames: 4 }, encode([], { rate: '10' })],
  ['in-fragments.mp4', { frames: 4 }, encode([...coded, '-movflags', '+frag_keyframe+empty_moov'])],
  ['from-a-live-stream.mkv', { unusable: /no duration/ }, encode([...coded, '-live', '1', '-f', 'matroska'])],
  [`%03d 'q" -i :[].mp4`, { frames: 4 }, encode(coded)],
];

describe('odd and broken files, at one frame per second', () => {
  it.each(files)('%s: %o', async (name, { unusable, fails, frames, size }, make) => {
    const file = at(name);
    await make(file);
    const taken: number[] = [];
    const take = async (): Promise<void> => {
      const probe = await probeVideo(file);
      if (unusable !== undefined) expect(probe.reasons.join('; ')).toMatch(unusable);
      const options = { videoKey: 'odd', outputFolder: at('frames'), everySeconds: 1 };
      for await (const step of sampleFrames(probe, options)) {
        if ('rejected' in step) continue;
        taken.push(step.frame.ptsSeconds);
        if (size !== undefined) expect([step.frame.width, step.frame.height]).toEqual(size);
      }
    };
    const failure = await take().then(
      () => undefined,
      (error: unknown) => (error instanceof PipelineError ? error.code : error),
    );
    expect(failure).toBe(unusable === undefined ? fails : 'VIDEO_UNUSABLE');
    if (frames === undefined) return;
    // Which frames: by brute force over all that ffprobe decodes.
    const expected = firstAtOrAfter(await decodedTimes(file), 1);
    expect(taken.map((time) => time.toFixed(3))).toEqual(expected.map((time) => time.toFixed(3)));
    expect(taken).toHaveLength(frames);
  });
});
