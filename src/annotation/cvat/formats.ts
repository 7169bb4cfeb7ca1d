import { CvatError } from './errors.js';
import type { WireFormat } from './wire.js';

/** CVAT renamed its Ultralytics formats in 2.25 and kept no alias: `YOLOv8 X 1.0` became `Ultralytics YOLO X 1.0`. */
const RENAMED = /^(?:YOLOv8|Ultralytics YOLO) (.+)$/i;

/** Names of the formats that can be used for pictures, in the server's order. */
export function usableFormats(formats: readonly WireFormat[] | undefined): string[] {
  return (formats ?? [])
    .filter(({ enabled, dimension }) => enabled !== false && (dimension === undefined || /^2d$/i.test(dimension)))
    .map(({ name }) => name);
}

/** The formats that we can write ourselves, best first: under each of its names. */
const YOLO_IMPORTS = ['Ultralytics YOLO Detection 1.0', 'YOLO 1.1'];

/** How the files of a format lie in its archive; undefined for formats that are no YOLO boxes. */
export function yoloLayoutOf(format: string): 'ultralytics' | 'darknet' | undefined {
  if (canonical(format) === canonical('Ultralytics YOLO Detection 1.0')) return 'ultralytics';
  return canonical(format) === canonical('YOLO 1.1') ? 'darknet' : undefined;
}

/**
 * The server's name of a YOLO format that it reads: the preferred one if it is one, else the best that it has.
 * Throws CVAT_FORMAT_UNKNOWN where it reads none.
 */
export function yoloImportFormat(preferred: string, available: readonly string[]): string {
  for (const wanted of [preferred, ...YOLO_IMPORTS]) {
    if (yoloLayoutOf(wanted) === undefined) continue;
    const found = available.find((name) => canonical(name) === canonical(wanted));
    if (found !== undefined) return found;
  }
  throw new CvatError('CVAT_FORMAT_UNKNOWN', 'The CVAT server reads no YOLO boxes from a zip', {
    hint: 'Set cvat.prelabels to boxes.',
  });
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
