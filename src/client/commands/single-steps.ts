import path from 'node:path';
import { PipelineError } from '../../common/errors.js';
import { parseDuration } from '../../config/index.js';
import { probeVideo, sampleFrames, assertUsable, videoKeyOfFile } from '../../video/index.js';
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

export async function frames(
  file: string,
  options: CommonOptions & { every: string; out: string; max?: number },
): Promise<void> {
  const everySeconds = parseDuration(options.every);
  if (!everySeconds) {
    throw new PipelineError('WRONG_USE', `--every ${options.every} is no time between frames.`, {
      hint: 'Write --every 5, --every 0.5 or --every 3m.',
    });
  }
  const video = await probeVideo(path.resolve(file));
  assertUsable(video);
  const videoKey = await videoKeyOfFile(video.file);
  let count = 0;
  const taken = sampleFrames(video, {
    videoKey,
    outputFolder: path.resolve(options.out),
    everySeconds,
    maxFrames: options.max,
  });
  const bar = createItemBar(Math.min(Math.ceil(video.duration / everySeconds), options.max ?? Infinity), 'frames');
  try {
    for await (const step of taken) {
      if ('rejected' in step) continue;
      const { file, frameId, ptsSeconds } = step.frame;
      count += 1;
      bar.step();
      if (options.json) printLine({ file, frameId, pts: ptsSeconds });
      else process.stdout.write(`${ptsSeconds.toFixed(3).padStart(10)} s  ${file}\n`);
    }
  } finally {
    bar.end();
  }
  if (!options.json) process.stdout.write(`${count} frames\n`);
}
