import type { DatasetRecord, Split } from '../types.js';

/** Hundredths of a pixel: more than any annotation tool keeps. */
const round = (value: number) => Math.round(value * 100) / 100;

/**
 * One side of the dataset as COCO's object detection JSON (`instances_<split>.json`): pictures are in `images/<split>`,
 * category ids are YOLO's class ids plus one, since many readers take 0 for the background. Frames that people left empty
 * are images without annotations. Video and time of a frame are kept as further fields, which readers overlook.
 *
 * Source: https://cocodataset.org/#format-data
 */
export function printCoco(
  records: readonly DatasetRecord[],
  split: Split,
  names: readonly string[],
  version: string,
): string {
  const mine = records.filter((record) => record.split === split);
  const licences = [...new Set(mine.flatMap(({ provenance }) => provenance.licence ?? []))].sort();
  const images = mine.map(({ frameId, width, height, videoKey, provenance }, index) => ({
    id: index + 1,
    file_name: `${frameId}.jpg`,
    width,
    height,
    ...(provenance.licence !== undefined && { license: licences.indexOf(provenance.licence) + 1 }),
    video: videoKey,
    pts_seconds: provenance.ptsSeconds,
  }));
  let id = 0;
  const annotations = mine.flatMap(({ boxes }, index) =>
    boxes.map(({ label, x1, y1, x2, y2 }) => {
      const [width, height] = [x2 - x1, y2 - y1];
      return {
        id: ++id,
        image_id: index + 1,
        category_id: names.indexOf(label) + 1,
        bbox: [x1, y1, width, height].map(round),
        area: round(width * height),
        iscrowd: 0,
      };
    }),
  );
  return `${JSON.stringify({
    info: { description: `Frameloop dataset, ${split}`, version },
    licenses: licences.map((name, index) => ({ id: index + 1, name })),
    images,
    annotations,
    categories: names.map((name, index) => ({ id: index + 1, name })),
  })}\n`;
}
