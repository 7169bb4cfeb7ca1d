/**
 * Makes the bundled footage: `npx tsx demo/make-clips.ts [folder]` writes match-day, match-night and match-mixed
 * (.mp4 and .truth.json), a minute each. The pictures and the truth depend on nothing but the seeds below; the bytes of
 * the videos depend on the version of the encoder too. Needs an ffmpeg with libx264.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFootage } from './write-footage.js';

/** The seeds were chosen so that each minute has every class, a replay, both fades, a crowd, a studio and a scoreboard. */
const CLIPS = [
  { name: 'match-day', seed: 133, league: 'daylight' },
  { name: 'match-night', seed: 203, league: 'floodlit' },
  { name: 'match-mixed', seed: 335, league: 'mixed' },
] as const;

const SIZE = { width: 640, height: 360 };

/** Keeps the three clips under 3 MB together. */
const CRF = 32;

const folder = path.resolve(process.argv[2] ?? fileURLToPath(new URL('clips', import.meta.url)));
for (const { name, seed, league } of CLIPS) {
  const file = path.join(folder, `${name}.mp4`);
  const options = { ...SIZE, seed, league, seconds: 60, fps: 12.5 };
  const { frames, empty, boxes } = await writeFootage(file, options, { crf: CRF, preset: 'slow' });
  process.stdout.write(`${file}: ${frames} frames, ${empty} of them empty, ${boxes} boxes\n`);
}
