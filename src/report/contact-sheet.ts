import pMap from 'p-map';
import sharp from 'sharp';
import { systemErrorCode } from '../common/errors.js';
import { stat } from 'node:fs/promises';
import type { LabelledBox } from '../common/types.js';
import type { BoxDecision } from '../dataset/index.js';
import { lightColours, round, type Colour } from './charts/svg.js';
import { decisionsOn } from './measure.js';
import type { ReportFrame } from './types.js';

/** Pixels: sharp on a dense screen where a page shows four side by side, and about 15 kB each. */
const THUMBNAIL_WIDTH = 360;
/** Pictures decoded at a time. */
const CONCURRENCY = 4;

/** The colours of what people did to a box; a deleted box is dashed. */
export const decisionColours: Record<BoxDecision['kind'], Colour> = {
  kept: 'blue',
  moved: 'purple',
  relabelled: 'orange',
  added: 'green',
  deleted: 'red',
};

/** A frame made small, with its boxes. */
export interface Thumbnail {
  frame: ReportFrame;
  jpeg: Buffer;
  /** Of the small picture. */
  width: number;
  height: number;
  /** SVG of the boxes in pixels of the small picture, in the colours of the light page: they lie on the picture. */
  overlay: string;
}

/** Makes frames small. Frames whose file is gone are left out. */
export async function makeThumbnails(frames: readonly ReportFrame[], signal?: AbortSignal): Promise<Thumbnail[]> {
  const made = await pMap(
    frames,
    async (frame): Promise<Thumbnail[]> => {
      if (!(await exists(frame.file))) return [];
      const { data, info } = await sharp(frame.file)
        .resize({ width: THUMBNAIL_WIDTH, withoutEnlargement: true })
        .jpeg({ quality: 72, mozjpeg: true })
        .toBuffer({ resolveWithObject: true });
      const { width, height } = info;
      return [{ frame, jpeg: data, width, height, overlay: drawBoxes(frame, width / frame.width) }];
    },
    { concurrency: CONCURRENCY, signal },
  );
  return made.flat();
}

/** What people did to each box; before that, and where they saw no boxes, what the model or they drew. */
function drawBoxes(frame: ReportFrame, scale: number): string {
  if (frame.state === undefined || frame.state === 'not_reviewed') {
    return frame.detections.map((box) => drawBox(box, scale, 'grey')).join('');
  }
  if (frame.blind) return frame.boxes.map((box) => drawBox(box, scale, 'green')).join('');
  return decisionsOn(frame)
    .map(({ kind, preLabel, box }) => {
      const drawn = kind === 'deleted' ? frame.shown[preLabel!] : frame.boxes[box!];
      return drawn ? drawBox(drawn, scale, decisionColours[kind], kind === 'deleted') : '';
    })
    .join('');
}

function drawBox({ x1, y1, x2, y2 }: LabelledBox, scale: number, tint: Colour, dashed = false): string {
  const [x, y, width, height] = [x1, y1, x2 - x1, y2 - y1].map((value) => round(value * scale));
  const place = `x="${x}" y="${y}" width="${width}" height="${height}" fill="none"`;
  const dashes = dashed ? ' stroke-dasharray="4 3"' : '';
  // A dark line below the coloured one, so that it is seen on any picture.
  return (
    `<rect ${place} stroke="#000" stroke-opacity="0.55" stroke-width="3.2"/>` +
    `<rect ${place} stroke="${lightColours[tint]}" stroke-width="1.8"${dashes}/>`
  );
}

/** All thumbnails with their boxes on one picture, for wherever no page can be shown. None without thumbnails. */
export async function composeSheet(thumbnails: readonly Thumbnail[], columns = 4): Promise<Buffer | undefined> {
  const [first] = thumbnails;
  if (!first) return undefined;
  const gap = 6;
  const cell = { width: THUMBNAIL_WIDTH + gap, height: Math.max(...thumbnails.map(({ height }) => height)) + gap };
  const rows = Math.ceil(thumbnails.length / columns);
  const pictures = await Promise.all(
    thumbnails.map(async ({ jpeg, width, height, overlay }, index) => {
      const boxes = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${overlay}</svg>`;
      const input = await sharp(jpeg)
        .composite([{ input: Buffer.from(boxes) }])
        .toBuffer();
      const left = gap + (index % columns) * cell.width;
      return { input, left, top: gap + Math.floor(index / columns) * cell.height };
    }),
  );
  const [width, height] = [Math.min(columns, thumbnails.length) * cell.width + gap, rows * cell.height + gap];
  return sharp({ create: { width, height, channels: 3, background: lightColours.card } })
    .composite(pictures)
    .jpeg({ quality: 85 })
    .toBuffer();
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
