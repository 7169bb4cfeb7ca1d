import { PipelineError } from '../../common/errors.js';
import type { LabelledBox } from '../../common/types.js';

/** One line of a YOLO label file: centre and size as shares (0..1) of the picture's width and height. */
export interface YoloBox {
  classId: number;
  centreX: number;
  centreY: number;
  width: number;
  height: number;
}

/** A number with six significant digits and no idle zeros, as `%g` prints it and Ultralytics writes labels. */
function print(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/**
 * The line of a label file for a box: `class centre-x centre-y width height`, without a line end.
 *
 * @param size of the picture in pixels.
 * @param names the classes in class-id order; throws `DATASET_UNKNOWN_CLASS` for a label that is not among them.
 */
export function printYoloLine(
  box: LabelledBox,
  size: { width: number; height: number },
  names: readonly string[],
): string {
  const classId = names.indexOf(box.label);
  if (classId === -1) {
    throw new PipelineError('DATASET_UNKNOWN_CLASS', `The class "${box.label}" is not one of the dataset's classes.`, {
      hint: `Add it to the classes, or rename it in the annotation tool. Known: ${names.join(', ')}.`,
    });
  }
  return [
    String(classId),
    print((box.x1 + box.x2) / 2 / size.width),
    print((box.y1 + box.y2) / 2 / size.height),
    print((box.x2 - box.x1) / size.width),
    print((box.y2 - box.y1) / size.height),
  ].join(' ');
}

/** A whole label file. Without boxes it is the empty file: the picture is known to show no object. */
export function printYolo(
  boxes: readonly LabelledBox[],
  size: { width: number; height: number },
  names: readonly string[],
): string {
  return boxes.map((box) => `${printYoloLine(box, size, names)}\n`).join('');
}

/** Reads a label file; throws `DATASET_BAD_LABEL` with the number of the first line that is none. */
export function parseYolo(text: string): YoloBox[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return [];
    const columns = line.trim().split(/\s+/);
    const [classId, centreX, centreY, width, height] = columns.map(Number);
    const inRange = [centreX, centreY, width, height].every((value) => value !== undefined && value >= 0 && value <= 1);
    if (columns.length !== 5 || !Number.isInteger(classId) || classId! < 0 || !inRange) {
      throw new PipelineError(
        'DATASET_BAD_LABEL',
        `Line ${index + 1} is not "class centre-x centre-y width height" with shares from 0 to 1: "${line.trim()}".`,
      );
    }
    return [{ classId: classId!, centreX: centreX!, centreY: centreY!, width: width!, height: height! }];
  });
}
