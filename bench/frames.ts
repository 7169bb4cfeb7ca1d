/**
 * Taking frames of a video beside what one would do without thought: let ffmpeg decode all of it and keep one frame
 * every N seconds with its `fps` filter. Both write JPEG files.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { findTool } from '../src/tools/index.js';
import { probeVideo, sampleFrames } from '../src/video/index.js';
import type { SamplingMethod } from '../src/video/types.js';
import { withFolder } from './support/folder.js';
import { measure, measureMedian, type Measurement } from './support/measure.js';
import { testVideo } from './support/videos.js';

export const description = 'frames of a 20-minute video, exact and by keyframes, against a full decode [--quick]';

const wholeSeconds = 1200;
const quickSeconds = 120;

/** Wall time of the full decode divided by ours, at least. */
const targets: Record<number, Record<'interval' | 'keyframe', number>> = {
  180: { interval: 40, keyframe: 150 },
  30: { interval: 8, keyframe: 20 },
  5: { interval: 1.5, keyframe: 5 },
  1: { interval: 1, keyframe: 1 },
};

/** The interval of the baseline. Its work hardly depends on it: all is decoded, and the fewer JPEG files the better for it. */
const baselineInterval = 30;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      /** A video of 2 minutes: to see whether it works, not how well. */
      quick: { type: 'boolean', default: false },
      gop: { type: 'string', default: '250,48' },
      every: { type: 'string', default: '180,30,5,1' },
    },
  });
  const seconds = values.quick ? quickSeconds : wholeSeconds;
  const intervals = values.every.split(',').map(Number);
  let missed = 0;
  for (const groupOfPictures of values.gop.split(',').map(Number)) {
    const file = await testVideo(groupOfPictures, seconds);
    const ffmpeg = await findTool('ffmpeg');
    console.log(`\n${path.basename(file)}: a keyframe every ${groupOfPictures} frames; ffmpeg ${ffmpeg.version}`);
    const baseline = await fullDecode(file);
    console.log(`full decode with fps=1/${baselineInterval}: ${show(baseline)}\n`);
    console.log('  every  mode      frames   wall s    CPU s  wall ratio  CPU ratio  target');
    for (const every of intervals) {
      for (const mode of ['interval', 'keyframe'] as const) {
        const { frames, ...taken } = await take(file, every, mode);
        const ratio = baseline.wall / taken.wall;
        const target = targets[every]?.[mode] ?? 0;
        if (ratio < target) missed++;
        const verdict = values.quick ? '' : `≥ ${target}x ${ratio >= target ? 'reached' : 'MISSED'}`;
        console.log(
          [
            `${every} s`.padStart(7),
            (mode === 'interval' ? 'exact' : mode).padEnd(8),
            String(frames).padStart(7),
            taken.wall.toFixed(2).padStart(8),
            taken.cpu.toFixed(2).padStart(8),
            `${ratio.toFixed(1)}x`.padStart(11),
            `${(baseline.cpu / taken.cpu).toFixed(1)}x`.padStart(10),
            ` ${verdict}`,
          ].join(' '),
        );
      }
    }
  }
  if (!values.quick && missed > 0) {
    console.log(`\n${missed} targets missed. Is the machine busy with other work?`);
    process.exitCode = 1;
  }
}

async function fullDecode(file: string): Promise<Measurement> {
  const { path: ffmpeg } = await findTool('ffmpeg');
  return withFolder((folder) =>
    measure(async () => {
      // round=up: the frames at 0, N, 2N …, as ours; the default gives those half an interval later.
      const output = ['-vf', `fps=1/${baselineInterval}:round=up`, '-q:v', '2', path.join(folder, '%06d.jpg')];
      await execa(ffmpeg, ['-v', 'error', '-nostdin', '-i', file, ...output], { stdin: 'ignore' });
    }),
  );
}

/** All that a user waits for: the look at the file, the frames, their JPEG files. */
async function take(file: string, every: number, sampling: SamplingMethod): Promise<Measurement & { frames: number }> {
  let frames = 0;
  const measurement = await measureMedian(
    () =>
      withFolder(async (outputFolder) => {
        const options = { videoKey: 'bench', outputFolder, everySeconds: every, sampling };
        for await (const step of sampleFrames(await probeVideo(file), options)) void step;
        frames = (await readdir(path.join(outputFolder, 'bench'))).length;
      }),
    { runs: 5, longSeconds: 5 },
  );
  return { ...measurement, frames };
}

function show({ wall, cpu }: Measurement): string {
  return `${wall.toFixed(1)} s wall, ${cpu.toFixed(1)} s CPU`;
}
