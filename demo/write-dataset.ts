import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import sharp from 'sharp';
import { temporaryName, writeFileAtomic } from '../src/common/files.js';
import { findTool } from '../src/tools/index.js';
import { encodeVideo } from './encode.js';
import { Footage } from './world/footage.js';
import { isEmptyShot, type FootageLeague, type Shot } from './world/plan.js';
import { createRandom, type Random } from './world/random.js';
import { CLASSES, type TruthBox } from './world/scene.js';

export interface DatasetOptions {
  /** How many pictures each side gets. */
  sides: { train: number; val: number };
  league: FootageLeague;
  seed: number;
  /** The share of pictures without anything to label. */
  negatives: number;
}

interface SideCounts {
  images: number;
  empty: number;
  boxes: Record<string, number>;
}

const SIZE = { width: 640, height: 360 };
const FPS = 12.5;

/** Each video lends this many pictures, so that a few hundred show a dozen matches. */
const PICTURES_PER_VIDEO = 20;

/** Pictures from one video are at least this far apart: nearer ones teach nothing new. Seconds. */
const SPACING = 0.8;

/** Each kept picture is the last of three in a row: then it is compressed as the middle of a video is. */
const LEAD_IN = 2;

/** Shots with the rarer classes (goal, keeper, flag) are preferred a little. */
const WEIGHTS: Partial<Record<Shot['kind'], number>> = { corner: 1.6, attack: 1.2, behind_goal: 1.2 };

/** Far apart, so that no video of one seed or side is another's: seeds up to a million, sides of 40,000 videos. */
const videoSeed = (seed: number, side: number, video: number): number => (seed * 4099 + side * 2_000_003 + video) >>> 0;

const DATA_YAML = `path: .
train: images/train
val: images/val
names:
${CLASSES.map((name, id) => `  ${id}: ${name}\n`).join('')}`;

/**
 * Makes the dataset beside its place and moves it there when it is complete. An earlier generated one is replaced.
 * @throws Error when the folder holds anything else
 */
export async function writeDataset(
  folder: string,
  options: DatasetOptions,
): Promise<Record<'train' | 'val', SideCounts>> {
  await checkReplaceable(folder);
  await mkdir(path.dirname(folder), { recursive: true });
  const temporary = temporaryName(folder);
  try {
    const train = await writeSide(temporary, 'train', options);
    const val = await writeSide(temporary, 'val', options);
    await writeFileAtomic(path.join(temporary, 'data.yaml'), DATA_YAML);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return { train, val };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Only what this module wrote is deleted. */
async function checkReplaceable(folder: string): Promise<void> {
  const content = existsSync(folder) ? await readdir(folder) : [];
  if (content.length === 0) return;
  const file = path.join(folder, 'data.yaml');
  if (existsSync(file) && (await readFile(file, 'utf8')) === DATA_YAML) return;
  throw new Error(`${folder} holds something else than a generated dataset: choose another folder, or empty it.`);
}

async function writeSide(folder: string, side: 'train' | 'val', options: DatasetOptions): Promise<SideCounts> {
  const counts: SideCounts = { images: 0, empty: 0, boxes: Object.fromEntries(CLASSES.map((name) => [name, 0])) };
  const total = options.sides[side];
  const videos = Math.ceil(total / PICTURES_PER_VIDEO);
  for (const kind of ['images', 'labels']) await mkdir(path.join(folder, kind, side), { recursive: true });
  for (let video = 0; video < videos; video++) {
    // What this video lends of a number, so that the sum over all videos is that number.
    const share = (of: number): number => Math.round((of * (video + 1)) / videos) - Math.round((of * video) / videos);
    const wanted = share(total);
    const negative = Math.min(wanted, share(Math.round(total * options.negatives)));
    const seed = videoSeed(options.seed, side === 'train' ? 0 : 1, video);
    const pictures = await filmedPictures(seed, options.league, wanted - negative, negative);
    for (const { milliseconds, jpeg, truth } of pictures) {
      const name = `${options.league}-${seed}_${String(milliseconds).padStart(9, '0')}`;
      await writeFile(path.join(folder, 'images', side, `${name}.jpg`), jpeg);
      await writeFile(path.join(folder, 'labels', side, `${name}.txt`), yoloLines(truth));
      counts.images++;
      if (truth.length === 0) counts.empty++;
      for (const { classId } of truth) {
        const label = CLASSES[classId] as string;
        counts.boxes[label] = (counts.boxes[label] ?? 0) + 1;
      }
    }
  }
  return counts;
}

interface DatasetPicture {
  milliseconds: number;
  jpeg: Uint8Array;
  truth: TruthBox[];
}

/** Films a match here and there, encodes and decodes it. */
async function filmedPictures(
  seed: number,
  league: FootageLeague,
  positive: number,
  negative: number,
): Promise<DatasetPicture[]> {
  const random = createRandom(seed ^ 0xda7a);
  const footage = new Footage({ ...SIZE, seed, league, fps: FPS, seconds: 60 + 10 * PICTURES_PER_VIDEO });
  const moments = [
    ...pickMoments(random, footage, positive, (shot) => (isEmptyShot(shot) ? 0 : (WEIGHTS[shot.kind] ?? 1))),
    ...pickMoments(random, footage, negative, (shot) => (isEmptyShot(shot) ? 1 : 0)),
  ].sort((a, b) => a - b);
  const times = moments.flatMap((moment) =>
    Array.from({ length: LEAD_IN + 1 }, (_, index) => moment - (LEAD_IN - index) / FPS),
  );
  const kept: Omit<DatasetPicture, 'jpeg'>[] = [];
  function* pictures(): Generator<Uint8Array> {
    let index = 0;
    for (const { pts, truth, pixels } of footage.film(times)) {
      if (index++ % (LEAD_IN + 1) === LEAD_IN) kept.push({ milliseconds: Math.round(pts * 1000), truth });
      yield pixels;
    }
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-dataset-'));
  try {
    const video = path.join(folder, 'video.mp4');
    const crf = Math.floor(random.between(26, 36));
    await encodeVideo(video, pictures(), { ...SIZE, fps: FPS, crf, preset: 'veryfast' });
    const jpegs = await decodedJpegs(video, folder);
    return kept.map((picture, index) => ({ ...picture, jpeg: jpegs[index] as Uint8Array }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Times in the middle of shots that `weight` likes, spaced; fewer than wanted only where the footage has no more. */
function pickMoments(random: Random, footage: Footage, wanted: number, weight: (shot: Shot) => number): number[] {
  const candidates = footage.shots.flatMap((shot) => {
    const [from, to] = [shot.start + 0.6 * shot.transitionSeconds + LEAD_IN / FPS, shot.end - 0.5];
    const moments = Math.max(1, Math.floor((to - from) / SPACING));
    return weight(shot) === 0
      ? []
      : Array.from({ length: moments }, (_, index) => ({
          at: from + (index + 0.8 * random.next()) * SPACING,
          // Weighted sampling without replacement (Efraimidis and Spirakis, 2006).
          key: random.next() ** (1 / weight(shot)),
        }));
  });
  candidates.sort((a, b) => b.key - a.key);
  return candidates.slice(0, wanted).map(({ at }) => at);
}

/** The last picture of each group, at a quality that adds little to what the encoder did. */
async function decodedJpegs(video: string, folder: string): Promise<Uint8Array[]> {
  const ffmpeg = await findTool('ffmpeg');
  const select = `select=eq(mod(n\\,${LEAD_IN + 1})\\,${LEAD_IN})`;
  const output = ['-vf', select, '-fps_mode', 'passthrough', '-compression_level', '1', path.join(folder, '%06d.png')];
  await execa(ffmpeg.path, ['-v', 'error', '-i', video, ...output]);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.png')).sort();
  return Promise.all(
    files.map(async (name) =>
      sharp(await readFile(path.join(folder, name)))
        .jpeg({ quality: 95 })
        .toBuffer(),
    ),
  );
}

/** `class x y width height` per line: the box's middle and size as shares of the picture. */
function yoloLines(truth: readonly TruthBox[]): string {
  return truth
    .map(({ classId, x1, y1, x2, y2 }) => {
      const numbers = [
        (x1 + x2) / 2 / SIZE.width,
        (y1 + y2) / 2 / SIZE.height,
        (x2 - x1) / SIZE.width,
        (y2 - y1) / SIZE.height,
      ];
      return `${classId} ${numbers.map((number) => number.toFixed(6)).join(' ')}\n`;
    })
    .join('');
}
