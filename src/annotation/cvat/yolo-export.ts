import { parse } from 'yaml';
import { z } from 'zod';
import type { PixelBox } from '../../common/types.js';
import { CvatError } from './errors.js';
import { readZipTexts } from './read-zip.js';

/** One line of a label file: its class, and its box as shares of the picture (centre, width, height). */
interface YoloBox {
  classId: number;
  centre: [number, number];
  size: [number, number];
}

export interface YoloExport {
  /** Class names by class id, from the file: CVAT numbers classes as the project's labels are ordered. */
  names: Map<number, string>;
  /** Boxes by frameId; frames without a label file, or with an empty one, have none. */
  boxes: Map<string, YoloBox[]>;
}

/**
 * Reads an exported zip in either YOLO layout: `labels/<subset>/<frame>.txt` with the names in `data.yaml`, or
 * `obj_<subset>_data/<frame>.txt` with the names in `obj.names`. A folder around everything is fine.
 * Throws CVAT_EXPORT_UNREADABLE.
 */
export async function readYoloExport(source: string | Buffer): Promise<YoloExport> {
  const texts = await readZipTexts(source, (name) => /\.(txt|yaml|names|data)$/i.test(name));
  const names = classNames(texts);
  const boxes = new Map<string, YoloBox[]>();
  for (const [name, text] of texts) {
    const [, frameId] = /(?:^|\/)(?:labels\/[^/]+|obj_[^/]+_data)\/([^/]+)\.txt$/.exec(name) ?? [];
    if (frameId === undefined) continue;
    boxes.set(frameId, [...(boxes.get(frameId) ?? []), ...parseLabels(name, text, names)]);
  }
  return { names, boxes };
}

const yamlNames = z.object({ names: z.union([z.record(z.string(), z.string()), z.array(z.string())]) });

function classNames(texts: ReadonlyMap<string, string>): Map<number, string> {
  const find = (file: string) => [...texts].find(([name]) => name === file || name.endsWith(`/${file}`))?.[1];
  const yaml = find('data.yaml');
  if (yaml !== undefined) {
    const { data } = yamlNames.safeParse(parse(yaml));
    if (data === undefined) throw unreadable('data.yaml', 'it has no class names');
    return new Map(Object.entries(data.names).map(([id, name]) => [Number(id), name]));
  }
  const names = find('obj.names');
  if (names === undefined) throw unreadable('the zip', 'it holds neither data.yaml nor obj.names');
  return new Map(names.split(/\r?\n/).filter(Boolean).entries());
}

function parseLabels(file: string, text: string, names: ReadonlyMap<number, string>): YoloBox[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [classId = NaN, x = NaN, y = NaN, width = NaN, height = NaN] = line.trim().split(/\s+/).map(Number);
      if (![x, y, width, height].every(Number.isFinite)) throw unreadable(file, `"${line}" is no box`);
      if (!names.has(classId)) throw unreadable(file, `class ${classId} has no name`);
      return { classId, centre: [x, y], size: [width, height] };
    });
}

/** In pixels. CVAT writes boxes that were drawn from the bottom right with negative sizes. */
export function toPixels({ centre, size }: YoloBox, picture: { width: number; height: number }): PixelBox {
  const [x, y] = [centre[0] * picture.width, centre[1] * picture.height];
  const [halfWidth, halfHeight] = [Math.abs(size[0] * picture.width) / 2, Math.abs(size[1] * picture.height) / 2];
  return { x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight };
}

function unreadable(file: string, why: string): CvatError {
  return new CvatError('CVAT_EXPORT_UNREADABLE', `${file} of the zip that CVAT exported cannot be used: ${why}`, {
    hint: 'Set cvat.download to json, which needs no file.',
  });
}
