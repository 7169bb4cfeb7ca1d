import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { stringify } from 'yaml';
import { ZipFile } from 'yazl';
import type { PixelBox } from '../../common/types.js';

export interface YoloFrame {
  /** File name of the picture. */
  name: string;
  width: number;
  height: number;
  boxes: (PixelBox & { classIndex: number })[];
}

/**
 * A zip of labels without pictures, in the layout of `Ultralytics YOLO Detection 1.0` or of `YOLO 1.1`, as CVAT's importer
 * wants it: exactly five columns, no `nc`, no subset but the one that is there, and in the older format a label file for
 * every frame. Only frames with boxes are listed in the newer one.
 */
export function writeYoloZip(
  frames: readonly YoloFrame[],
  classNames: readonly string[],
  layout: 'ultralytics' | 'darknet',
): Promise<Buffer> {
  const files = layout === 'ultralytics' ? ultralytics(frames, classNames) : darknet(frames, classNames);
  const zip = new ZipFile();
  for (const [name, text] of files) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  return buffer(zip.outputStream as Readable);
}

function ultralytics(frames: readonly YoloFrame[], classNames: readonly string[]): [string, string][] {
  const names = Object.fromEntries(classNames.map((name, index) => [index, name]));
  return [
    ['data.yaml', stringify({ path: './', train: 'train.txt', names })],
    ['train.txt', lines(frames.map(({ name }) => `images/train/${name}`))],
    ...frames.map((frame): [string, string] => [`labels/train/${stem(frame.name)}.txt`, labelText(frame)]),
  ];
}

function darknet(frames: readonly YoloFrame[], classNames: readonly string[]): [string, string][] {
  const data = [
    `classes = ${classNames.length}`,
    'train = data/train.txt',
    'names = data/obj.names',
    'backup = backup/',
  ];
  return [
    ['obj.data', lines(data)],
    ['obj.names', lines(classNames)],
    ['train.txt', lines(frames.map(({ name }) => `data/obj_train_data/${name}`))],
    ...frames.map((frame): [string, string] => [`obj_train_data/${stem(frame.name)}.txt`, labelText(frame)]),
  ];
}

/** Ten decimals: a pixel of a frame of any size survives the way there and back. */
function labelText({ boxes, width, height }: YoloFrame): string {
  return lines(
    boxes.map(({ classIndex, x1, y1, x2, y2 }) => {
      const numbers = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height];
      return [classIndex, ...numbers.map((number) => number.toFixed(10))].join(' ');
    }),
  );
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function stem(name: string): string {
  return name.replace(/\.[^.]*$/, '');
}
