import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/files.js';
import { findTool } from '../../src/tools/index.js';
import { probeVideo, sampleFrames, type SampleOptions } from '../../src/video/index.js';
import type { RejectedFrame, SampledFrame } from '../../src/video/types.js';
import { VideoReader } from '../../src/video/video-reader.js';
import { decodedTimes, ffmpeg, h264, keyframeTimes, temporaryFolder, testPicture } from './video-clips.js';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => ({ folder, remove } = await temporaryFolder()));
afterAll(() => remove());

const at = (name: string): string => path.join(folder, name);
/** B-frames that refer to each other and ones that nothing refers to, a keyframe every 4 s. */
const reordered = [...h264, '-preset', 'fast', '-g', '100', '-bf', '3'];

async function steps(file: string, options: Partial<SampleOptions>): Promise<(SampledFrame | RejectedFrame)[]> {
  const all: (SampledFrame | RejectedFrame)[] = [];
  const target = { videoKey: path.parse(file).name, outputFolder: at('frames'), everySeconds: 1 };
  for await (const step of sampleFrames(await probeVideo(file), { ...target, ...options })) all.push(step);
  return all;
}

const isTaken = (step: SampledFrame | RejectedFrame): step is SampledFrame => !('rejected' in step);

async function times(file: string, options: Partial<SampleOptions>): Promise<number[]> {
  return (await steps(file, options)).filter(isTaken).map(({ frame }) => frame.ptsSeconds);
}

describe('the pixels', () => {
  it.each([
    // Sought one by one, in runs of a keyframe with unneeded frames left out, and all read through.
    ['sought.mp4', 16],
    ['runs.mp4', 2.6],
    ['read-through.ts', 2.6],
  ])('of %s are those of a full decode, and the JPEG holds them', async (name, everySeconds) => {
    await ffmpeg(...testPicture(33), ...reordered, at(name));
    const all = await decodedTimes(at(name));
    const start = Math.min(...all);
    const taken = (await steps(at(name), { everySeconds })).filter(isTaken);
    expect(taken.length).toBe(Math.floor(32.99 / everySeconds) + 1);
    const { path: program } = await findTool('ffmpeg');
    for (const { frame, picture, sha256: digest } of taken) {
      const number = all.findIndex((time) => Math.abs(time - start - frame.ptsSeconds) < 1e-4);
      const output = ['-vf', `select='eq(n,${number})'`, '-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
      const { stdout } = await execa(program, ['-v', 'error', '-i', at(name), ...output], { encoding: 'buffer' });
      expect(sha256(picture.data)).toBe(sha256(stdout));
      const file = await readFile(frame.file);
      expect(sha256(file)).toBe(digest);
      // What JPEG of this quality makes of the pixels of the full decode.
      const raw = { width: 160, height: 120, channels: 3 } as const;
      const reference = await sharp(stdout, { raw }).jpeg({ quality: 95 }).toBuffer();
      const pixels = (jpeg: Buffer): Promise<Buffer> => sharp(jpeg).raw().toBuffer();
      expect((await pixels(file)).equals(await pixels(reference))).toBe(true);
    }
  });
});

describe('sampling: keyframe', () => {
  const codecs: [string, string[]][] = [
    ['keyframes.mp4', [...reordered]],
    ['open-groups.mp4', [...reordered, '-x264-params', 'open-gop=1']],
    ['keyframes.mkv', [...reordered]],
    ['keyframes.ts', [...reordered]],
    ['keyframes.webm', ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-g', '60']],
    ['keyframes-hevc.mp4', ['-c:v', 'libx265', '-x265-params', 'log-level=error:open-gop=0', '-g', '80']],
    ['keyframes-av1.mp4', ['-c:v', 'libsvtav1', '-preset', '12', '-g', '75', '-svtav1-params', 'log=-1']],
  ];

  it.each(codecs)('%s: the nearest keyframe not later than each wanted time, each once', async (name, codec) => {
    await ffmpeg(...testPicture(33), ...codec, at(name));
    const keyframes = await keyframeTimes(at(name));
    const justAfterOne = keyframes.find((keyframe) => keyframe >= 15)! + 0.05;
    for (const everySeconds of [16, justAfterOne, 3.1, 0.5]) {
      const wanted = Array.from({ length: Math.floor(32.95 / everySeconds) + 1 }, (_, k) => k * everySeconds);
      const expected = wanted.map((time) => Math.max(...keyframes.filter((keyframe) => keyframe <= time + 1e-6)));
      const taken = await times(at(name), { sampling: 'keyframe', everySeconds });
      expect(taken.map((time) => time.toFixed(3))).toEqual([...new Set(expected.map((time) => time.toFixed(3)))]);
    }
  });

  it.each(['it\'s 100 % "odd" #1?.mp4', 'from 7 s.mkv', 'from 7 s.mov'])(
    'one ffmpeg finds several in %s',
    async (name) => {
      await ffmpeg(
        ...testPicture(33),
        ...reordered,
        ...(name.includes('7') ? ['-output_ts_offset', '7'] : []),
        at(name),
      );
      const reader = await VideoReader.open(await probeVideo(at(name)));
      const found: [number, string][] = [];
      for await (const { index, seconds } of reader.seekKeyframes([0, 11.98, 12, 31], new AbortController().signal)) {
        found.push([index, seconds.toFixed(3)]);
      }
      expect(found).toEqual([
        [0, '0.000'],
        [1, '8.000'],
        [2, '12.000'],
        [3, '28.000'],
      ]);
    },
  );

  it('goes on after an interruption, within the part that is asked for', async () => {
    const options = { sampling: 'keyframe', everySeconds: 3.1 } as const;
    const whole = await times(at('keyframes.mp4'), options);
    const first = await times(at('keyframes.mp4'), { ...options, maxFrames: 3 });
    expect([...first, ...(await times(at('keyframes.mp4'), { ...options, afterSeconds: first.at(-1) }))]).toEqual(
      whole,
    );
    // A keyframe every 4 s; wanted from 9.3 to 21.7 s.
    const part = await times(at('keyframes.mp4'), { ...options, skipStartSeconds: 8.5, skipEndSeconds: 10 });
    expect(part).toEqual([12, 16, 20]);
  });
});

describe('frames that are left out', () => {
  beforeAll(async () => {
    // 3 s of moving picture, 3 s of black, 3 s of one standing picture.
    const inputs = [...testPicture(3), '-f', 'lavfi', '-i', 'color=black:size=160x120:rate=25:duration=3'];
    const still = ['-f', 'lavfi', '-i', 'smptebars=size=160x120:rate=25:duration=3'];
    const graph = ['-filter_complex', '[0][1][2]concat=n=3,format=yuv420p'];
    await ffmpeg(...inputs, ...still, ...graph, ...h264, at('left-out.mp4'));
  });
  const told = (step: SampledFrame | RejectedFrame): string =>
    isTaken(step) ? `${step.frame.ptsSeconds}` : `${step.ptsSeconds} ${step.rejected}`;

  it('plain ones, and those that look like an earlier one', async () => {
    const all = await steps(at('left-out.mp4'), { duplicateDistance: 1 });
    expect(all.map(told)).toEqual(['0', '1', '2', '3 blank', '4 blank', '5 blank', '6', '7 duplicate', '8 duplicate']);
  });

  it('none where both are switched off', async () => {
    const all = await steps(at('left-out.mp4'), { blankDeviation: 0 });
    expect(all.every(isTaken)).toBe(true);
    expect(all).toHaveLength(9);
  });

  it('frames of an earlier run count as seen, and only taken ones count for the limit', async () => {
    const bars = (await steps(at('left-out.mp4'), { afterSeconds: 5 })).filter(isTaken)[0];
    const earlierHashes = [bars?.perceptualHash ?? ''];
    const all = await steps(at('left-out.mp4'), { afterSeconds: 5, earlierHashes, duplicateDistance: 4 });
    expect(all.map(told)).toEqual(['6 duplicate', '7 duplicate', '8 duplicate']);
    expect((await steps(at('left-out.mp4'), { afterSeconds: 1, maxFrames: 2 })).filter(isTaken)).toHaveLength(2);
  });
});

describe('the sharpest of near neighbours', () => {
  it.each(['sharp.mp4', 'sharp.ts'])('%s: the one that is not blurred', async (name) => {
    // Blurred but for one frame, 0.2 s after each of 0, 4 and 8 s.
    const blur = ['-vf', "gblur=sigma=2:enable='not(eq(mod(n,100),5))'"];
    await ffmpeg(...testPicture(10), ...blur, ...reordered, '-crf', '10', at(name));
    expect(await times(at(name), { everySeconds: 4, sharpestWithinSeconds: 0.4 })).toEqual([0.2, 4.2, 8.2]);
    expect(await times(at(name), { everySeconds: 4, sharpestWithinSeconds: 0.1 })).not.toContain(4.2);
    expect(await times(at(name), { everySeconds: 4 })).toEqual([0, 4, 8]);
  });
});

describe('being disturbed', () => {
  it('an ffmpeg that is killed fails with its own error, which says that it may be tried again', async () => {
    await ffmpeg(...testPicture(20, '25', '640x360'), ...reordered, at('killed.mp4'));
    const frames = sampleFrames(await probeVideo(at('killed.mp4')), {
      ...{ videoKey: 'killed', outputFolder: at('frames'), everySeconds: 0.04 },
    });
    await frames.next();
    const { stdout } = await execa('pgrep', ['-f', `file:${at('killed.mp4')}`]);
    for (const pid of stdout.split('\n')) process.kill(Number(pid), 'SIGKILL');
    const rest = async (): Promise<void> => {
      for await (const step of frames) expect(step).toBeDefined();
    };
    await expect(rest()).rejects.toMatchObject({ code: 'FFMPEG_KILLED', retryable: true });
  });
});
