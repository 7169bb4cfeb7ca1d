/**
 * Makes a YOLO dataset of generated frames, as Ultralytics loads it: `npx tsx demo/make-dataset.ts --out DIR` writes
 * images/{train,val}, labels/{train,val} and data.yaml. Both sides come from several videos, and no video is on both;
 * every picture has been through H.264, so that it looks like the frames of a video. Needs an ffmpeg with libx264.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ArgumentError, leagueOption, numberOption, requiredOption, runScript } from './arguments.js';
import { writeDataset } from './write-dataset.js';

const USAGE =
  'npx tsx demo/make-dataset.ts --out DIR [--train 300] [--val 100] [--league daylight|floodlit|mixed] [--seed 1] ' +
  '[--negatives 0.15]';

await runScript(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      train: { type: 'string', default: '300' },
      val: { type: 'string', default: '100' },
      league: { type: 'string', default: 'daylight' },
      seed: { type: 'string', default: '1' },
      negatives: { type: 'string', default: '0.15' },
    },
  });
  const count = (name: 'train' | 'val'): number =>
    numberOption(name, values[name], { min: 0, max: 100_000, whole: true });
  const sides = { train: count('train'), val: count('val') };
  if (sides.train + sides.val === 0) throw new ArgumentError('--train and --val are both 0: there is nothing to make.');
  const folder = path.resolve(requiredOption('out', values.out));
  const written = await writeDataset(folder, {
    sides,
    league: leagueOption(values.league),
    seed: numberOption('seed', values.seed, { min: 0, max: 1_000_000, whole: true }),
    negatives: numberOption('negatives', values.negatives, { min: 0, max: 1 }),
  });
  for (const [side, { images, empty, boxes }] of Object.entries(written)) {
    const counts = Object.entries(boxes).map(([name, number]) => `${name} ${number}`);
    process.stdout.write(`${side}: ${images} pictures, ${empty} without boxes; ${counts.join(', ')}\n`);
  }
});
