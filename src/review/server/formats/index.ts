import { readCoco, cocoLayout } from './coco.js';
import { subsetOfImages, type Format } from './types.js';
import { darknetSubset, readDarknet, readUltralytics } from './yolo-archive.js';
import { darknetLayout, ultralyticsLayout } from './yolo.js';

const ultralytics: Format = { write: ultralyticsLayout, read: readUltralytics, subsetOf: subsetOfImages };

/** The formats by the names that clients ask for, to be written and to be read; CVAT renamed one of them in 2.25. */
export const formats: Readonly<Record<string, Format>> = {
  'Ultralytics YOLO Detection 1.0': ultralytics,
  'YOLOv8 Detection 1.0': ultralytics,
  'YOLO 1.1': { write: darknetLayout, read: readDarknet, subsetOf: darknetSubset },
  'COCO 1.0': { write: cocoLayout, read: readCoco, subsetOf: subsetOfImages },
};

/** @throws Error with CVAT's words, where there is none of this name */
export function formatOf(name: string | null): Format {
  const format = name !== null && Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (format === undefined) throw new Error(`ValueError: Unknown format '${name}'`);
  return format;
}
