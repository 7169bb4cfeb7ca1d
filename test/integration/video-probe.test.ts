import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertUsable, probeVideo, type VideoProbe } from '../../src/video/index.js';
import { ffmpeg, h264, temporaryFolder, testPicture } from './video-clips.js';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => ({ folder, remove } = await temporaryFolder()));
afterAll(() => remove());

const at = (name: string): string => path.join(folder, name);
const sound = ['-f', 'lavfi', '-i', 'sine=duration=3'];

describe('what a probe says of usable videos (expected: what ffmpeg was told to make)', () => {
  it('size, rate, duration and format', async () => {
    await ffmpeg(...testPicture(4, '25', '320x180'), ...sound, ...h264, '-c:a', 'aac', at('plain.mp4'));
    const expected: VideoProbe = {
      file: at('plain.mp4'),
      container: 'mov,mp4,m4a,3gp,3g2,mj2',
      codec: 'h264',
      pixelFormat: 'yuv420p',
      width: 320,
      height: 180,
      rotation: 0,
      fps: 25,
      duration: 4,
      startTime: 0,
      variableFrameRate: false,
      usable: true,
      reasons: [],
    };
    expect(await probeVideo(at('plain.mp4'))).toEqual(expected);
  });

  it.each([
    // ffmpeg turns counter-clockwise for a positive angle; the probe states how far the picture is turned clockwise.
    ['90', 270, 180, 320],
    ['-90', 90, 180, 320],
    ['180', 180, 320, 180],
  ])('rotated by %s: the size is the one displayed', async (angle, rotation, width, height) => {
    await ffmpeg(...testPicture(1, '25', '320x180'), ...h264, at('flat.mp4'));
    await ffmpeg('-display_rotation', angle, '-i', at('flat.mp4'), '-c', 'copy', at('turned.mp4'));
    expect(await probeVideo(at('turned.mp4'))).toMatchObject({ rotation, width, height });
  });

  it('a start on the clock of the file, in a container without lengths of streams', async () => {
    await ffmpeg(...testPicture(4), ...h264, '-output_ts_offset', '10', '-muxdelay', '0', at('late.ts'));
    const probe = await probeVideo(at('late.ts'));
    expect(probe.container).toBe('mpegts');
    expect(probe.startTime).toBeCloseTo(10, 1);
    expect(probe.duration).toBeCloseTo(4, 1);
    expect(probe.usable).toBe(true);
  });

  it.each(['mp4', 'mkv', 'webm'])('whether the frame rate varies (%s)', async (extension) => {
    const codec = extension === 'webm' ? ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'] : h264;
    await ffmpeg(...testPicture(3, '30000/1001'), ...codec, at(`constant.${extension}`));
    const holes = ['-vf', "select='gt(mod(n*7,11),3)'", '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
    await ffmpeg(...testPicture(3), ...holes, ...codec, at(`varying.${extension}`));
    expect(await probeVideo(at(`constant.${extension}`))).toMatchObject({ variableFrameRate: false });
    expect(await probeVideo(at(`varying.${extension}`))).toMatchObject({ variableFrameRate: true });
  });

  it('a video of one frame', async () => {
    await ffmpeg(...testPicture(1), '-frames:v', '1', ...h264, at('one.mp4'));
    expect(await probeVideo(at('one.mp4'))).toMatchObject({ usable: true, duration: 0.04 });
  });

  it('a cover picture before the video: the video counts', async () => {
    await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .jpeg()
      .toFile(at('cover.jpg'));
    const maps = ['-map', '0', '-map', '1', '-c:v:0', 'mjpeg', '-c:v:1', 'libx264', '-disposition:v:0', 'attached_pic'];
    await ffmpeg('-i', at('cover.jpg'), ...testPicture(2), ...maps, at('both.mp4'));
    expect(await probeVideo(at('both.mp4'))).toMatchObject({ width: 160, usable: true });
  });
});

describe('what is not usable, and why', () => {
  const odd: [string, () => Promise<void>, RegExp][] = [
    ['empty.mp4', () => writeFile(at('empty.mp4'), ''), /the file is empty/],
    ['text.mp4', () => writeFile(at('text.mp4'), 'Only words.\n'.repeat(500)), /not a readable video/],
    ['page.mp4', () => writeFile(at('page.mp4'), '<!DOCTYPE html><html>404</html>'), /not a readable video/],
    ['notes.txt', () => writeFile(at('notes.txt'), 'Only words.\n'.repeat(500)), /text file|not a readable video/],
    ['noise.mp4', () => writeFile(at('noise.mp4'), Buffer.alloc(50_000, 'x7\u0000')), /not a readable video|no video/],
    ['sound.mp4', () => ffmpeg(...sound, '-c:a', 'aac', at('sound.mp4')), /no video, only audio/],
    [
      'subtitles.mp4',
      () => writeFile(at('subtitles.mp4'), '1\n00:00:01,000 --> 00:00:02,000\nHello\n'),
      /only subtitle/,
    ],
    [
      'picture.mp4',
      async () => {
        await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
          .jpeg()
          .toFile(at('a.jpg'));
        await copyFile(at('a.jpg'), at('picture.mp4'));
      },
      /still picture/,
    ],
    [
      'cover.m4a',
      async () => {
        await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
          .jpeg()
          .toFile(at('b.jpg'));
        const maps = ['-map', '0', '-map', '1', '-c:a', 'aac', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic'];
        await ffmpeg(...sound, '-i', at('b.jpg'), ...maps, at('cover.m4a'));
      },
      /only a cover picture/,
    ],
  ];
  it.each(odd)('%s', async (name, make, reason) => {
    await make();
    const probe = await probeVideo(at(name));
    expect(probe.usable).toBe(false);
    expect(probe.reasons.join('; ')).toMatch(reason);
    expect(() => assertUsable(probe)).toThrow(expect.objectContaining({ code: 'VIDEO_UNUSABLE', retryable: false }));
  });

  it('a file that is not there, and a folder', async () => {
    await expect(probeVideo(at('nowhere.mp4'))).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' });
    await expect(probeVideo(folder)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' });
  });

  it('an abort ends it with its reason', async () => {
    await expect(probeVideo(at('plain.mp4'), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
