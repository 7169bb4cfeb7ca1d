import { stringify } from 'yaml';
import { withoutExtension } from './file-names.js';

/** The text files of the two YOLO layouts that CVAT exports. Pure: data in, texts out. */

interface ExportedFrame {
  name: string;
  width: number;
  height: number;
  boxes: { classIndex: number; points: readonly number[] }[];
}

export interface YoloExport {
  /** Names of the classes in the order of the labels. */
  classes: string[];
  /** Empty = train. */
  subset: string;
  frames: ExportedFrame[];
}

export interface YoloLayout {
  /** Path in the archive → content. */
  texts: Map<string, string>;
  /** Where the picture of this frame belongs. */
  imagePath: (name: string) => string;
}

/** `<class> <centre x> <centre y> <width> <height>`, as shares of the picture with six decimals; not clipped, as in CVAT. */
export function yoloLine(
  box: { classIndex: number; points: readonly number[] },
  width: number,
  height: number,
): string {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box.points;
  const numbers = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height];
  return [box.classIndex, ...numbers.map((number) => number.toFixed(6))].join(' ');
}

const labelText = ({ boxes, width, height }: ExportedFrame) =>
  boxes.map((box) => `${yoloLine(box, width, height)}\n`).join('');

const lines = (texts: string[]) => texts.map((text) => `${text}\n`).join('');

/** `Ultralytics YOLO Detection 1.0`, until CVAT 2.24 `YOLOv8 Detection 1.0`. Frames without boxes have no label file. */
export function ultralyticsLayout({ classes, subset, frames }: YoloExport): YoloLayout {
  const folder = subset || 'train';
  const imagePath = (name: string) => `images/${folder}/${name}`;
  const names = Object.fromEntries(classes.map((name, index) => [index, name]));
  const texts = new Map([
    ['data.yaml', stringify({ path: '.', [folder]: `${folder}.txt`, names })],
    [`${folder}.txt`, lines(frames.map(({ name }) => `data/${imagePath(name)}`))],
  ]);
  for (const frame of frames) {
    if (frame.boxes.length > 0) texts.set(`labels/${folder}/${withoutExtension(frame.name)}.txt`, labelText(frame));
  }
  return { texts, imagePath };
}

/** `YOLO 1.1` (Darknet): pictures and labels side by side, a label file for every frame, maybe empty. */
export function darknetLayout({ classes, subset, frames }: YoloExport): YoloLayout {
  const list = subset || 'train';
  const imagePath = (name: string) => `obj_${list}_data/${name}`;
  const texts = new Map([
    [
      'obj.data',
      lines([
        `classes = ${classes.length}`,
        `${list} = data/${list}.txt`,
        'names = data/obj.names',
        'backup = backup/',
      ]),
    ],
    ['obj.names', lines(classes)],
    [`${list}.txt`, lines(frames.map(({ name }) => `data/${imagePath(name)}`))],
  ]);
  for (const frame of frames) texts.set(`obj_${list}_data/${withoutExtension(frame.name)}.txt`, labelText(frame));
  return { texts, imagePath };
}

/** The formats by the names that clients ask for; CVAT renamed one of them in 2.25. */
export const exportFormats: Record<string, (data: YoloExport) => YoloLayout> = {
  'Ultralytics YOLO Detection 1.0': ultralyticsLayout,
  'YOLOv8 Detection 1.0': ultralyticsLayout,
  'YOLO 1.1': darknetLayout,
};
