import { CvatError } from './errors.js';
import type { WireFormats } from './wire.js';

/** CVAT renamed its Ultralytics formats in 2.25 and kept no alias: `YOLOv8 X 1.0` became `Ultralytics YOLO X 1.0`. */
const RENAMED = /^(?:YOLOv8|Ultralytics YOLO) (.+)$/i;

/** Names of the formats that can be exported for pictures, in the server's order. */
export function exportFormats({ exporters }: WireFormats): string[] {
  return exporters
    .filter(({ enabled, dimension }) => enabled !== false && (dimension === undefined || /^2d$/i.test(dimension)))
    .map(({ name }) => name);
}

/**
 * The server's own name of a format: as given, or under the name it had before or after 2.25.
 * Throws CVAT_FORMAT_UNKNOWN with the names that the server has.
 */
export function resolveFormat(wanted: string, available: readonly string[]): string {
  const found = available.find((name) => canonical(name) === canonical(wanted));
  if (found !== undefined) return found;
  throw new CvatError('CVAT_FORMAT_UNKNOWN', `The CVAT server has no annotation format "${wanted}"`, {
    hint: `Set cvat.annotations_format to one of: ${available.join(', ')}.`,
  });
}

function canonical(name: string): string {
  return name.trim().replace(RENAMED, 'Ultralytics YOLO $1').toLowerCase();
}
