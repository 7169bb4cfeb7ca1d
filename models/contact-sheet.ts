import sharp from 'sharp';
import { writeFileAtomic } from '../src/common/files.js';
import type { PixelBox } from '../src/common/types.js';
import type { EvaluatedFrame } from './evaluation.js';

const TILE = { width: 480, height: 270, columns: 2 };
const COLOURS: Readonly<Record<string, string>> = { player: '#ffe600', referee: '#ff00e6', ball: '#ff8c00' };

/** Writes a JPEG with frames side by side: what is there in thin white, what the model says in the colour of its class. */
export async function writeContactSheet(file: string, frames: readonly EvaluatedFrame[]): Promise<void> {
  const tiles = await Promise.all(frames.map(drawTile));
  const rows = Math.ceil(frames.length / TILE.columns);
  const size = { width: TILE.columns * TILE.width, height: rows * TILE.height };
  const sheet = sharp({ create: { ...size, channels: 3, background: '#000000' } }).composite(
    tiles.map((input, index) => ({
      input,
      left: (index % TILE.columns) * TILE.width,
      top: Math.floor(index / TILE.columns) * TILE.height,
    })),
  );
  await writeFileAtomic(file, await sheet.jpeg({ quality: 72 }).toBuffer());
}

async function drawTile({ frame, truth, detections }: EvaluatedFrame): Promise<Buffer> {
  const scale = TILE.width / frame.width;
  const outline = (box: PixelBox, colour: string, width: number, grow: number): string =>
    `<rect x="${scale * box.x1 - grow}" y="${scale * box.y1 - grow}" width="${scale * (box.x2 - box.x1) + 2 * grow}" ` +
    `height="${scale * (box.y2 - box.y1) + 2 * grow}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
  const boxes = [
    ...truth.map((box) => outline(box, '#ffffff', 1, 2)),
    ...detections.map((box) => outline(box, COLOURS[box.label] ?? '#00ffff', 1.3, 0)),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE.width}" height="${TILE.height}">${boxes.join('')}</svg>`;
  const picture = await sharp(frame.file).resize(TILE.width, TILE.height, { fit: 'fill' }).toBuffer();
  return sharp(picture)
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}
