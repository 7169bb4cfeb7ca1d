import path from 'node:path';
import { PipelineError } from '../../common/errors.js';
import { parseDuration } from '../../config/index.js';
import { probeVideo, sampleFrames, assertUsable, videoKeyOfFile } from '../../video/index.js';
import type { SamplingMethod } from '../../video/types.js';
import { type CommonOptions } from '../context.js';
import { createItemBar } from '../item-bar.js';
import { printLine, printResult } from '../output.js';

export async function probe(file: string, options: CommonOptions): Promise<void> {
  const result = await probeVideo(path.resolve(file));
  const lines = [
    file,
    `  container    ${result.container}`,
    `  video        ${result.codec}, ${result.pixelFormat}, ${result.width}x${result.height}${result.rotation ? `, rotated by ${result.rotation}°` : ''}`,
    `  rate         ${result.fps.toFixed(3)} frames/s${result.variableFrameRate ? ', variable' : ''}`,
    `  duration     ${result.duration.toFixed(3)} s, from ${result.startTime.toFixed(3)} s`,
    result.usable ? '  usable' : `  not usable: ${result.reasons.join('; ')}`,
  ];
  printResult(options.json, result, lines.join('\n'));
}

interface FramesOptions extends CommonOptions {
  every: string;
  out: string;
  max?: number;
  sampling: SamplingMethod;
  skipStart?: string;
  skipEnd?: string;
  sharpestWithin?: string;
  sceneThreshold?: number;
  duplicates?: number;
}

export async function frames(file: string, options: FramesOptions): Promise<void> {
  const everySeconds = durationOf('--every', options.every);
  if (!everySeconds) throw wrongDuration('--every', options.every);
  const skipStartSeconds = durationOf('--skip-start', options.skipStart);
  const skipEndSeconds = durationOf('--skip-end', options.skipEnd);
  const sharpestWithinSeconds = durationOf('--sharpest-within', options.sharpestWithin);
  const { sampling, max: maxFrames, sceneThreshold, duplicates: duplicateDistance } = options;
  const video = await probeVideo(path.resolve(file));
  assertUsable(video);
  const videoKey = await videoKeyOfFile(video.file);
  const taken = sampleFrames(video, {
    ...{ videoKey, outputFolder: path.resolve(options.out), sampling, everySeconds, skipStartSeconds, skipEndSeconds },
    ...{ sharpestWithinSeconds, sceneThreshold, duplicateDistance, maxFrames },
  });
  let count = 0;
  const leftOut = { blank: 0, duplicate: 0 };
  const bar = createItemBar(Math.min(Math.ceil(video.duration / everySeconds), maxFrames ?? Infinity), 'frames');
  try {
    for await (const step of taken) {
      bar.step();
      if ('rejected' in step) {
        leftOut[step.rejected] += 1;
        continue;
      }
      step.release();
      const { file, frameId, ptsSeconds } = step.frame;
      count += 1;
      if (options.json) printLine({ file, frameId, pts: ptsSeconds });
      else process.stdout.write(`${ptsSeconds.toFixed(3).padStart(10)} s  ${file}\n`);
    }
  } finally {
    bar.end();
  }
  const reasons = Object.entries(leftOut).filter(([, frames]) => frames > 0);
  const summary = `${count} frames${reasons.map(([reason, frames]) => `, ${frames} left out: ${reason}`).join('')}\n`;
  if (!options.json) process.stdout.write(summary);
  else if (reasons.length > 0) process.stderr.write(summary);
}

function durationOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined) throw wrongDuration(option, text);
  return seconds;
}

function wrongDuration(option: string, text: string): PipelineError {
  return new PipelineError('WRONG_USE', `${option} ${text} is no time.`, {
    hint: `Write ${option} 5, ${option} 0.5 or ${option} 3m.`,
  });
}
