/**
 * Makes football footage with known truth: `npx tsx demo/make-footage.ts --out FILE.mp4` writes the video and, beside
 * it, `FILE.truth.json` with what is to be seen in each frame. Pictures and truth depend on nothing but the options; the
 * bytes of the video depend on the version of the encoder too. Needs an ffmpeg with libx264.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { leagueOption, numberOption, requiredOption, runScript, sizeOption } from './arguments.js';
import { writeFootage } from './write-footage.js';

const USAGE =
  'npx tsx demo/make-footage.ts --out FILE.mp4 [--seed 1] [--seconds 180] [--size 640x360] [--fps 12.5] ' +
  '[--league daylight|floodlit|mixed] [--crf 30]';

await runScript(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '180' },
      size: { type: 'string', default: '640x360' },
      fps: { type: 'string', default: '12.5' },
      league: { type: 'string', default: 'daylight' },
      crf: { type: 'string', default: '30' },
    },
  });
  const file = path.resolve(requiredOption('out', values.out));
  const written = await writeFootage(
    file,
    {
      ...sizeOption(values.size),
      seed: numberOption('seed', values.seed, { min: 0, max: 2 ** 32 - 1, whole: true }),
      seconds: numberOption('seconds', values.seconds, { min: 1, max: 7200 }),
      fps: numberOption('fps', values.fps, { min: 0.1, max: 60 }),
      league: leagueOption(values.league),
    },
    { crf: numberOption('crf', values.crf, { min: 0, max: 51, whole: true }), preset: 'veryfast' },
  );
  process.stdout.write(`${file}: ${written.frames} frames, ${written.empty} of them empty, ${written.boxes} boxes\n`);
});
