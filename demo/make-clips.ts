/**
 * Draws the bundled footage and writes down what it shows: `npx tsx demo/make-clips.ts [folder]` makes
 * `match-{a,b,c}.mp4` with `match-{a,b,c}.truth.json`. The pictures and the truth depend on nothing but the seeds below;
 * the bytes of the videos depend on the version of the encoder too. Needs an ffmpeg with libx264.
 */
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import sharp from 'sharp';
import { temporaryName, writeFileAtomic } from '../src/common/files.js';
import { findTool } from '../src/tools/index.js';
import { FRAME_HEIGHT, FRAME_WIDTH } from './old-world/camera.js';
import { film, FPS, roundTo, type FilmedPicture } from './old-world/footage.js';
import { CLASSES } from './old-world/scene.js';

const SECONDS = 40;
const SEEDS = { 'match-a': 11, 'match-b': 22, 'match-c': 33 };

/** CRF 30 keeps 40 s under 1 MB; a keyframe every 2 s; one thread, because x264 divides the picture among threads. */
const ENCODING = `-c:v libx264 -preset slow -crf 30 -g ${2 * FPS} -threads 1 -pix_fmt yuv420p -movflags +faststart`;

const folder = path.resolve(process.argv[2] ?? fileURLToPath(new URL('clips', import.meta.url)));
const ffmpeg = await findTool('ffmpeg');
await mkdir(folder, { recursive: true });

for (const [name, seed] of Object.entries(SEEDS)) {
  const pictures = [...film(seed, SECONDS)];
  const file = path.join(folder, `${name}.mp4`);
  const temporary = temporaryName(file);
  const raw = `-f rawvideo -pix_fmt rgb24 -video_size ${FRAME_WIDTH}x${FRAME_HEIGHT} -framerate ${FPS}`;
  await execa(
    ffmpeg.path,
    ['-v', 'error', '-y', ...raw.split(' '), '-i', '-', ...ENCODING.split(' '), '-fflags', '+bitexact', temporary],
    { stdin: rendered(pictures) },
  );
  await rename(temporary, file);
  await writeFileAtomic(path.join(folder, `${name}.truth.json`), truthJson(`${name}.mp4`, pictures));
  const boxes = pictures.reduce((sum, picture) => sum + picture.truth.length, 0);
  const empty = pictures.filter((picture) => picture.truth.length === 0).length;
  process.stdout.write(`${file}: ${pictures.length} pictures, ${empty} of them empty, ${boxes} boxes\n`);
}

/** The pictures as raw RGB, in order. */
async function* rendered(pictures: readonly FilmedPicture[]): AsyncGenerator<Buffer> {
  for (const { svg } of pictures) {
    const document = `<svg xmlns="http://www.w3.org/2000/svg" width="${FRAME_WIDTH}" height="${FRAME_HEIGHT}">${svg}</svg>`;
    yield await sharp(Buffer.from(document)).flatten({ background: '#000000' }).toColourspace('srgb').raw().toBuffer();
  }
}

/** Read back by src/demo/truth.ts. Boxes to a tenth of a pixel: nobody draws them more exactly. */
function truthJson(video: string, pictures: readonly FilmedPicture[]): string {
  const frames = pictures.map(({ pts, shot, truth }) => [
    pts,
    shot,
    truth.map((box) => [box.classId, ...[box.x1, box.y1, box.x2, box.y2].map((side) => roundTo(side, 10))]),
  ]);
  return `${JSON.stringify({ video, fps: FPS, width: FRAME_WIDTH, height: FRAME_HEIGHT, classes: CLASSES, frames })}\n`;
}
