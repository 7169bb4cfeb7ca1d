import sharp from 'sharp';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../src/common/files.js';
import type { Detection, LabelledBox, PixelBox } from '../src/common/types.js';
import type { HeldOutFrame } from './held-out.js';

const TILE = { width: 480, height: 270, columns: 2 };

/** In the order of the classes; the same as on the sheet of the footage. */
const COLOURS = ['#ffe600', '#ff8c00', '#ff00e6', '#00e5ff', '#ffffff', '#ff2020'];

/** A frame as it goes to the sheet. */
export interface SheetFrame {
  jpeg: Buffer;
  truth: LabelledBox[];
  detections: Detection[];
}

/** Keeps of a frame what a person would be shown. */
export async function toSheet({ frame, truth, detections }: HeldOutFrame, confidence: number): Promise<SheetFrame> {
  return {
    jpeg: await readFile(frame.file),
    truth,
    detections: detections.filter((detection) => detection.confidence > confidence),
  };
}

/** Writes a JPEG with frames side by side: what is there in thin black, what the model says in the colour of its class. */
export async function writeContactSheet(file: string, frames: readonly SheetFrame[]): Promise<void> {
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
  await writeFileAtomic(file, await sheet.jpeg({ quality: 65, mozjpeg: true }).toBuffer());
}

async function drawTile({ jpeg, truth, detections }: SheetFrame): Promise<Buffer> {
  const { width = TILE.width } = await sharp(jpeg).metadata();
  const scale = TILE.width / width;
  const outline = (box: PixelBox, colour: string, stroke: number, grow: number): string =>
    `<rect x="${scale * box.x1 - grow}" y="${scale * box.y1 - grow}" width="${scale * (box.x2 - box.x1) + 2 * grow}" ` +
    `height="${scale * (box.y2 - box.y1) + 2 * grow}" fill="none" stroke="${colour}" stroke-width="${stroke}"/>`;
  const boxes = [
    ...truth.map((box) => outline(box, '#000000', 1.2, 1.5)),
    ...detections.map((box) => outline(box, COLOURS[box.classId] ?? '#00ff00', 1.3, 0)),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE.width}" height="${TILE.height}">${boxes.join('')}</svg>`;
  const picture = await sharp(jpeg).resize(TILE.width, TILE.height, { fit: 'fill' }).toBuffer();
  return sharp(picture)
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}
