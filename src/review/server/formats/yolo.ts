import { stringify } from 'yaml';
import { lines, stemOf, type DatasetExport, type ExportedFrame, type ExportedShape, type Layout } from './types.js';

/** `<class> <centre x> <centre y> <width> <height>`, as shares of the picture with six decimals; not clipped, as in CVAT. */
export function yoloLine(box: Pick<ExportedShape, 'classIndex' | 'points'>, width: number, height: number): string {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box.points;
  const numbers = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height];
  return [box.classIndex, ...numbers.map((number) => number.toFixed(6))].join(' ');
}

/** YOLO's boxes are upright rectangles; CVAT leaves everything else out, too. */
const boxesOf = ({ shapes }: ExportedFrame) =>
  shapes.filter(({ type, rotation }) => type === 'rectangle' && rotation === 0);

const labelText = (frame: ExportedFrame) =>
  lines(boxesOf(frame).map((box) => yoloLine(box, frame.width, frame.height)));

/** `Ultralytics YOLO Detection 1.0`, until CVAT 2.24 `YOLOv8 Detection 1.0`. Frames without boxes have no label file. */
export function ultralyticsLayout({ classes, subsets }: DatasetExport): Layout {
  const imagePath = (name: string, subset: string) => `images/${folderOf(subset)}/${name}`;
  const names = Object.fromEntries(classes.map((name, index) => [index, name]));
  const lists = Object.fromEntries(subsets.map(({ name }) => [folderOf(name), `${folderOf(name)}.txt`]));
  const texts = new Map([['data.yaml', stringify({ path: '.', ...lists, names })]]);
  for (const { name: subset, frames } of subsets) {
    const folder = folderOf(subset);
    texts.set(`${folder}.txt`, lines(frames.map(({ name }) => `data/${imagePath(name, subset)}`)));
    for (const frame of frames) {
      if (boxesOf(frame).length > 0) texts.set(`labels/${folder}/${stemOf(frame.name)}.txt`, labelText(frame));
    }
  }
  return { texts, imagePath };
}

/** `YOLO 1.1` (Darknet): pictures and labels side by side, a label file for every frame, maybe empty. */
export function darknetLayout({ classes, subsets }: DatasetExport): Layout {
  const imagePath = (name: string, subset: string) => `obj_${folderOf(subset)}_data/${name}`;
  const lists = subsets.map(({ name }) => `${folderOf(name)} = data/${folderOf(name)}.txt`);
  const texts = new Map([
    ['obj.data', lines([`classes = ${classes.length}`, ...lists, 'names = data/obj.names', 'backup = backup/'])],
    ['obj.names', lines(classes)],
  ]);
  for (const { name: subset, frames } of subsets) {
    const folder = folderOf(subset);
    texts.set(`${folder}.txt`, lines(frames.map(({ name }) => `data/${imagePath(name, subset)}`)));
    for (const frame of frames) texts.set(`obj_${folder}_data/${stemOf(frame.name)}.txt`, labelText(frame));
  }
  return { texts, imagePath };
}

const folderOf = (subset: string) => subset || 'train';
