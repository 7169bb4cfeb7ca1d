import { existsSync } from 'node:fs';
import { readdir, readFile, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/files.js';
import type { Frame } from '../../src/common/types.js';
import { findTool } from '../../src/tools/index.js';
import { probeVideo, sampleFrames, type SampleOptions } from '../../src/video/index.js';
import { decodedTimes, ffmpeg, firstAtOrAfter, h264, temporaryFolder, testPicture } from './video-clips.js';

const sharedClip = path.resolve('../shared/clips/one-by-one-person-detection.mp4');

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => ({ folder, remove } = await temporaryFolder()));
afterAll(() => remove());

/** B-frames that refer to each other, keyframes every 4 s. */
const reordered = [...h264, '-preset', 'fast', '-g', '100', '-bf', '3'];

/** Each kind of video that makes tools take the wrong frame, and how it is made. */
const clips: Record<string, (file: string) => Promise<void>> = {
  'constant.mp4': (file) => ffmpeg(...testPicture(23), ...reordered, file),
  'ntsc.mkv': (file) => ffmpeg(...testPicture(17, '30000/1001'), ...reordered, file),
  'variable.mp4': (file) =>
    // 25 fps with frames missing by no rule, and nothing at all between 7 and 13 s.
    ffmpeg(
      ...testPicture(23),
      ...['-vf', "select='not(between(t,7,13))*gt(mod(n*7,11),3)'", '-fps_mode', 'passthrough'],
      ...['-enc_time_base', '1:90000', ...reordered, file],
    ),
  'late-start.ts': (file) => ffmpeg(...testPicture(12), ...reordered, '-output_ts_offset', '77.7', file),
  'late-start.mkv': (file) => ffmpeg(...testPicture(12), ...reordered, '-output_ts_offset', '3.3', file),
  'open-groups.mp4': (file) => ffmpeg(...testPicture(23), ...reordered, '-x264-params', 'open-gop=1', file),
  'slow-reordered.mov': (file) =>
    ffmpeg(
      ...testPicture(40, '5'),
      ...reordered,
      '-g',
      '37',
      '-bf',
      '8',
      '-x264-params',
      'b-adapt=0:b-pyramid=2',
      file,
    ),
  'edit-list.mp4': async (file) => {
    const whole = `${file}.whole.mp4`;
    await ffmpeg(...testPicture(25), ...reordered, whole);
    // A cut without encoding starts at the keyframe before, and an edit list hides what lies between.
    await ffmpeg('-ss', '5.5', '-i', whole, '-c', 'copy', file);
  },
  'sound-first.mp4': (file) =>
    ffmpeg(
      ...['-itsoffset', '0.53', ...testPicture(12), '-f', 'lavfi', '-i', 'sine=duration=12'],
      ...['-map', '0:v', '-map', '1:a', ...reordered, '-c:a', 'aac', file],
    ),
  'plain.webm': (file) =>
    ffmpeg(...testPicture(11), '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', file),
  'old.avi': (file) => ffmpeg(...testPicture(11), '-c:v', 'mpeg4', '-g', '25', file),
  'single.mp4': (file) => ffmpeg(...testPicture(1, '25'), '-frames:v', '1', ...h264, file),
};

async function sample(file: string, options: Partial<SampleOptions> & { everySeconds: number }): Promise<Frame[]> {
  const frames: Frame[] = [];
  const target = { videoKey: 'clip', outputFolder: path.join(folder, 'frames') };
  for await (const step of sampleFrames(await probeVideo(file), { ...target, ...options })) {
    if (!('rejected' in step)) frames.push(step.frame);
  }
  return frames;
}

describe('the frames taken are those that a full decode by ffprobe finds', () => {
  for (const [name, make] of Object.entries(clips)) {
    it(name, async () => {
      const file = path.join(folder, name);
      await make(file);
      const times = await decodedTimes(file);
      // 5 s and more are taken by seeking, less by reading through; 7.4 and 0.37 fall between frames.
      for (const everySeconds of [5, 7.4, 1, 0.37]) {
        const frames = await sample(file, { everySeconds });
        const expected = firstAtOrAfter(times, everySeconds);
        expect(frames.map((frame) => frame.ptsSeconds.toFixed(4))).toEqual(expected.map((time) => time.toFixed(4)));
      }
    });
  }
});

describe('what is on disk', () => {
  it('the picture is the one of that time, in the right colours', async () => {
    const file = path.join(folder, 'colours.mp4');
    await ffmpeg(...testPicture(12), ...reordered, file);
    const frame = (await sample(file, { everySeconds: 5 }))[1];
    // At a quarter of the size, because a JPEG keeps colours at half the resolution of brightness.
    const small = (picture: Sharp): Promise<Buffer> => picture.resize(40, 30).raw().toBuffer();
    const taken = await small(sharp(frame?.file));
    const differenceToFrame = async (index: number): Promise<number> => {
      const output = ['-vf', `select='eq(n,${index})'`, '-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
      const { path: program } = await findTool('ffmpeg');
      const { stdout } = await execa(program, ['-v', 'error', '-i', file, ...output], { encoding: 'buffer' });
      const other = await small(sharp(stdout, { raw: { width: 160, height: 120, channels: 3 } }));
      return other.reduce((sum, value, at) => sum + Math.abs(value - (taken[at] ?? 0)), 0) / other.length;
    };
    const same = await differenceToFrame(125);
    expect(same).toBeLessThan(2);
    expect(await differenceToFrame(124)).toBeGreaterThan(2 * same);
    expect(await differenceToFrame(126)).toBeGreaterThan(2 * same);
  });

  it('a second run writes the same bytes under the same names and leaves nothing else', async () => {
    const file = path.join(folder, 'twice.mp4');
    await ffmpeg(...testPicture(11), ...reordered, file);
    const contents = async (everySeconds: number, outputFolder: string): Promise<string[]> => {
      const frames = await sample(file, { everySeconds, outputFolder, videoKey: 'file-0123456789ab' });
      const present = await readdir(path.join(outputFolder, 'file-0123456789ab'));
      expect(present.sort()).toEqual(frames.map((frame) => `${frame.frameId}.jpg`));
      return Promise.all(frames.map(async (frame) => `${frame.frameId} ${sha256(await readFile(frame.file))}`));
    };
    for (const every of [5, 2]) {
      const once = await contents(every, path.join(folder, `once-${every}`));
      expect(await contents(every, path.join(folder, `once-${every}`))).toEqual(once);
      expect(await contents(every, path.join(folder, `elsewhere-${every}`))).toEqual(once);
    }
    // The frame at 10 s is the same picture whether it was reached by seeking or by reading through.
    const name = path.join('file-0123456789ab', 'file-0123456789ab_000010000.jpg');
    const sought = await readFile(path.join(folder, 'once-5', name));
    expect(sought.equals(await readFile(path.join(folder, 'once-2', name)))).toBe(true);
  });

  it('a video that was filmed upright gives upright frames', async () => {
    const file = path.join(folder, 'upright.mp4');
    const sideways = path.join(folder, 'sideways.mp4');
    await ffmpeg(...testPicture(2), ...h264, sideways);
    await ffmpeg('-display_rotation', '90', '-i', sideways, '-c', 'copy', file);
    const frames = await sample(file, { everySeconds: 1 });
    expect(frames.map(({ width, height }) => [width, height])).toEqual([
      [120, 160],
      [120, 160],
    ]);
    const { width, height } = await sharp(frames[0]?.file).metadata();
    expect([width, height]).toEqual([120, 160]);
  });
});

describe('which part of the video', () => {
  let file: string;
  beforeAll(async () => {
    file = path.join(folder, 'part.mp4');
    await ffmpeg(...testPicture(31), ...reordered, file);
  });
  const times = async (options: Partial<SampleOptions> & { everySeconds: number }): Promise<number[]> =>
    (await sample(file, options)).map((frame) => frame.ptsSeconds);

  it.each([5, 2])('the beginning and the end can be skipped, the grid stays (every %d s)', async (everySeconds) => {
    const expected = everySeconds === 5 ? [10, 15, 20] : [6, 8, 10, 12, 14, 16, 18, 20, 22];
    expect(await times({ everySeconds, skipStartSeconds: 6, skipEndSeconds: 8.5 })).toEqual(expected);
  });

  it.each([5, 2])('an interrupted run goes on after its last frame (every %d s)', async (everySeconds) => {
    const whole = await times({ everySeconds });
    const first = await times({ everySeconds, maxFrames: 3 });
    expect([...first, ...(await times({ everySeconds, afterSeconds: first.at(-1) }))]).toEqual(whole);
  });

  it('an interval of nothing, or a quality of 0, is refused', async () => {
    await expect(times({ everySeconds: 0 })).rejects.toMatchObject({ code: 'INVALID_SAMPLING' });
    await expect(times({ everySeconds: 5, jpegQuality: 0 })).rejects.toMatchObject({ code: 'INVALID_SAMPLING' });
  });

  it.each([5, 0.04])(
    'an abort ends it, leaves whole pictures only and no ffmpeg (every %d s)',
    async (everySeconds) => {
      const controller = new AbortController();
      const outputFolder = path.join(folder, `aborted-${everySeconds}`);
      const options = { everySeconds, outputFolder, videoKey: 'clip', signal: controller.signal };
      const frames = sampleFrames(await probeVideo(file), options);
      await frames.next();
      controller.abort(new Error('enough'));
      await expect(
        (async () => {
          for await (const frame of frames) expect(frame).toBeDefined();
        })(),
      ).rejects.toThrow('enough');
      for (const name of await readdir(path.join(outputFolder, 'clip'))) {
        expect(name).toMatch(/^clip_\d{9}\.jpg$/);
        await sharp(path.join(outputFolder, 'clip', name)).stats();
      }
      const { stdout } = await execa('ps', ['-eo', 'args']);
      expect(stdout.split('\n').filter((line) => line.includes(`file:${file}`))).toEqual([]);
    },
  );
});

describe('damaged files', () => {
  it('a file that was cut off gives its good frames and then says that it is damaged', async () => {
    const whole = path.join(folder, 'whole.mp4');
    const cut = path.join(folder, 'cut.mp4');
    await ffmpeg(...testPicture(30), ...reordered, '-movflags', '+faststart', whole);
    await ffmpeg('-i', whole, '-c', 'copy', '-movflags', '+faststart', cut);
    await truncate(cut, Math.round((await stat(cut)).size / 2));
    const taken: number[] = [];
    const options = { everySeconds: 5, videoKey: 'cut', outputFolder: path.join(folder, 'frames') };
    await expect(
      (async () => {
        for await (const step of sampleFrames(await probeVideo(cut), options)) {
          if (!('rejected' in step)) taken.push(step.frame.ptsSeconds);
        }
      })(),
    ).rejects.toMatchObject({ code: 'VIDEO_DAMAGED', retryable: false });
    expect(taken.slice(0, 3)).toEqual([0, 5, 10]);
    expect(taken.length).toBeLessThan(6);
  });
});

describe.skipIf(!existsSync(sharedClip))('a real clip (skipped where ../shared is absent)', () => {
  it('139 s at one frame every 5 s are the 28 frames at 0, 5 … 135', async () => {
    const frames = await sample(sharedClip, { everySeconds: 5, videoKey: 'file-person' });
    expect(frames.map((frame) => frame.ptsSeconds)).toEqual(Array.from({ length: 28 }, (_, k) => 5 * k));
    expect(frames[27]?.frameId).toBe('file-person_000135000');
    expect(frames[0]).toMatchObject({ width: 768, height: 432 });
  });
});
