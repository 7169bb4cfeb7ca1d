/**
 * Draws generated frames of both leagues with their truth boxes: `npx tsx demo/contact-sheet.ts [FILE.jpg]`, by default
 * models/world-contact-sheet.jpg.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { writeFileAtomic } from '../src/common/files.js';
import type { League } from './world/league.js';
import { Footage, type FilmedFrame } from './world/footage.js';
import type { ShotKind } from './world/plan.js';

const SIZE = { width: 640, height: 360 };
const TILE = { width: 480, height: 270, columns: 3 };
/** In the order of the classes. */
const COLOURS = ['#ffe600', '#ff8c00', '#ff00e6', '#00e5ff', '#ffffff', '#ff2020'];

const TILES: readonly { league: League; kind: ShotKind; seed: number }[] = [
  { league: 'daylight', kind: 'attack', seed: 3 },
  { league: 'daylight', kind: 'corner', seed: 4 },
  { league: 'daylight', kind: 'close', seed: 5 },
  { league: 'floodlit', kind: 'attack', seed: 6 },
  { league: 'floodlit', kind: 'behind_goal', seed: 7 },
  { league: 'floodlit', kind: 'corner', seed: 8 },
  { league: 'daylight', kind: 'replay', seed: 9 },
  { league: 'daylight', kind: 'near_crowd', seed: 10 },
  { league: 'floodlit', kind: 'studio', seed: 11 },
];

const file = path.resolve(
  process.argv[2] ?? fileURLToPath(new URL('../models/world-contact-sheet.jpg', import.meta.url)),
);
const tiles = await Promise.all(TILES.map(async (tile) => drawTile(frameOf(tile))));
const sheet = sharp({
  create: {
    ...{ width: TILE.columns * TILE.width, height: Math.ceil(tiles.length / TILE.columns) * TILE.height },
    ...{ channels: 3, background: '#000000' },
  },
}).composite(
  tiles.map((input, index) => ({
    input,
    left: (index % TILE.columns) * TILE.width,
    top: Math.floor(index / TILE.columns) * TILE.height,
  })),
);
await writeFileAtomic(file, await sheet.jpeg({ quality: 60, mozjpeg: true }).toBuffer());

/** A picture from the middle of the first shot of a kind. */
function frameOf({ league, kind, seed }: (typeof TILES)[number]): FilmedFrame {
  const footage = new Footage({ ...SIZE, seed, league, seconds: 300, fps: 12.5 });
  const shot = footage.shots.find((candidate) => candidate.kind === kind);
  const [frame] = shot === undefined ? [] : footage.film([(shot.start + shot.end) / 2]);
  if (frame === undefined) throw new Error(`Seed ${seed} has no shot of the kind ${kind}.`);
  return frame;
}

async function drawTile({ pixels, truth }: FilmedFrame): Promise<Buffer> {
  const scale = TILE.width / SIZE.width;
  const boxes = truth.map(
    ({ classId, x1, y1, x2, y2 }) =>
      `<rect x="${scale * x1 - 1}" y="${scale * y1 - 1}" width="${scale * (x2 - x1) + 2}" ` +
      `height="${scale * (y2 - y1) + 2}" fill="none" stroke="${COLOURS[classId] ?? '#000000'}" stroke-width="1.2"/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE.width}" height="${TILE.height}">${boxes.join('')}</svg>`;
  const picture = await sharp(pixels, { raw: { ...SIZE, channels: 3 } })
    .resize(TILE.width, TILE.height)
    .png()
    .toBuffer();
  return sharp(picture)
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}
