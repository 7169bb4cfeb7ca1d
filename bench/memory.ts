/** Memory while taking and predicting frames: that for a long video beside that for a short one. */
import path from 'node:path';
import { execa } from 'execa';
import { withFolder } from './support/folder.js';
import { repeatedVideo } from './support/videos.js';

export const description = 'peak memory for frames every 5 s of 2 hours beside that for 2 minutes';

const model = path.join(import.meta.dirname, '..', 'models', 'demo.onnx');
const everySeconds = 5;
const shortSeconds = 120;
const longSeconds = 7200;

/** The long video may need this many times the memory of the short one. */
const target = 1.15;

export async function run(): Promise<void> {
  const picture = 'testsrc2=size=1280x720:rate=2';
  const short = await repeatedVideo('memory-120s', { picture, seconds: 60, times: 2, encoder: ['-g', '20'] });
  const long = await repeatedVideo('memory-7200s', { picture, seconds: 60, times: 120, encoder: ['-g', '20'] });
  const ofShort = await peak(short, shortSeconds);
  const ofLong = await peak(long, longSeconds);
  const ratio = ofLong / ofShort;
  console.log(`\npeak ratio ${ratio.toFixed(2)}, target ≤ ${target}: ${ratio <= target ? 'reached' : 'MISSED'}`);
  if (ratio > target) process.exitCode = 1;
}

async function peak(file: string, seconds: number): Promise<number> {
  const program = path.join(import.meta.dirname, 'support', 'take-frames.ts');
  return withFolder(async (folder) => {
    const { stdout } = await execa('node', ['--import', 'tsx', program, file, String(everySeconds), folder, model]);
    const { frames, peakMegabytes } = JSON.parse(stdout) as { frames: number; peakMegabytes: number };
    if (frames !== seconds / everySeconds) throw new Error(`${frames} frames of ${seconds} s`);
    console.log(`${path.basename(file)}: ${frames} frames, peak ${peakMegabytes.toFixed(0)} MB`);
    return peakMegabytes;
  });
}
