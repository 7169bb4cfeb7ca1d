import path from 'node:path';
import sharp from 'sharp';
import { writeFileAtomic } from '../common/files.js';
import { buildReport, pickShots } from './build.js';
import { standalone } from './charts/svg.js';
import { composeSheet, makeThumbnails } from './contact-sheet.js';
import type { ReportInput } from './types.js';

/** Charts are drawn for screens of one dot per pixel; twice as many look sharp in a document. */
const PNG_DENSITY = 144;

/**
 * Writes a report: `file`, one HTML page that needs nothing besides itself, and beside it a folder of the same name with
 * every chart as SVG and PNG and the contact sheets as JPEG, for slides and papers. Written anew, it takes the place of
 * the old one.
 */
export async function writeReport(file: string, input: ReportInput, signal?: AbortSignal): Promise<void> {
  const shots = pickShots(input);
  const wanted = [...shots.byArm.flatMap(({ frames }) => frames), ...shots.arguable];
  const distinct = [...new Map(wanted.map((frame) => [frame.frameId, frame])).values()];
  const thumbnails = new Map((await makeThumbnails(distinct, signal)).map((each) => [each.frame.frameId, each]));
  const { html, charts } = buildReport(input, shots, thumbnails);
  await writeFileAtomic(file, html);

  const folder = file.replace(/\.html$/, '');
  for (const [name, svg] of Object.entries(charts)) {
    signal?.throwIfAborted();
    const drawing = standalone(svg);
    await writeFileAtomic(path.join(folder, `${name}.svg`), drawing);
    const png = await sharp(Buffer.from(drawing), { density: PNG_DENSITY }).png().toBuffer();
    await writeFileAtomic(path.join(folder, `${name}.png`), png);
  }
  const sheets = [
    ...shots.byArm.map(({ arm, frames }) => ({ name: `frames-${arm}`, frames })),
    { name: 'second-look', frames: shots.arguable },
  ];
  for (const { name, frames } of sheets) {
    const sheet = await composeSheet(frames.flatMap(({ frameId }) => thumbnails.get(frameId) ?? []));
    if (sheet) await writeFileAtomic(path.join(folder, `${name}.jpg`), sheet);
  }
}
