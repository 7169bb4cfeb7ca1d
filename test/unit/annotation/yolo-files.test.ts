import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { parse } from 'yaml';
import { ZipFile } from 'yazl';
import { describe, expect, it } from 'vitest';
import { readZipTexts } from '../../../src/annotation/cvat/read-zip.js';
import { readYoloExport, toPixels } from '../../../src/annotation/cvat/yolo-export.js';
import { writeYoloZip } from '../../../src/annotation/cvat/yolo-zip.js';

function zipOf(files: Record<string, string>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  return buffer(zip.outputStream as Readable);
}

const all = () => true;
const refused = expect.objectContaining({ code: 'CVAT_EXPORT_UNREADABLE' }) as Error;

describe('a zip of pre-labels', () => {
  const frames = [
    { name: 'a.jpg', width: 640, height: 360, boxes: [{ classIndex: 1, x1: 100, y1: 90, x2: 420, y2: 270 }] },
    { name: 'b.jpg', width: 640, height: 360, boxes: [] },
  ];

  it('is what the newer importer takes: five columns, no nc, only the subset that is there', async () => {
    const texts = await readZipTexts(await writeYoloZip(frames, ['person', 'car'], 'ultralytics'), all);
    expect([...texts.keys()].sort()).toEqual(['data.yaml', 'labels/train/a.txt', 'labels/train/b.txt', 'train.txt']);
    expect(parse(texts.get('data.yaml')!)).toEqual({
      path: './',
      train: 'train.txt',
      names: { 0: 'person', 1: 'car' },
    });
    expect(texts.get('train.txt')).toBe('images/train/a.jpg\nimages/train/b.jpg\n');
    // Centre (260, 180) of 640 x 360, size 320 x 180.
    const numbers = texts.get('labels/train/a.txt')!.trim().split(' ').map(Number);
    expect(numbers).toEqual([1, 0.40625, 0.5, 0.5, 0.5]);
  });

  it('is what the older one takes: a label file for every listed frame, everything at the root', async () => {
    const texts = await readZipTexts(await writeYoloZip(frames, ['person', 'car'], 'darknet'), all);
    expect(texts.get('obj.data')).toBe(
      'classes = 2\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n',
    );
    expect(texts.get('obj.names')).toBe('person\ncar\n');
    expect(texts.get('train.txt')).toBe('data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n');
    expect(texts.get('obj_train_data/b.txt')).toBe('');
  });
});

describe('an exported zip', () => {
  it('gives boxes in pixels, whatever corner they were drawn from, by the names in the file', async () => {
    const zip = await zipOf({
      'task/data.yaml': 'names: [ball, player]\npath: .\n',
      'task/labels/val/x.txt': '1 0.40625 0.5 -0.5 -0.5\n',
      'task/labels/val/y.txt': '\n',
    });
    const { names, boxes } = await readYoloExport(zip);
    expect(names.get(1)).toBe('player');
    expect(toPixels(boxes.get('x')![0]!, { width: 640, height: 360 })).toEqual({ x1: 100, y1: 90, x2: 420, y2: 270 });
    expect(boxes.get('y')).toEqual([]);
  });

  it.each([
    ['without class names', { 'labels/train/x.txt': '0 0.5 0.5 1 1\n' }],
    ['with a class that has no name', { 'data.yaml': 'names: [a]\n', 'labels/train/x.txt': '7 0.5 0.5 1 1\n' }],
    ['with half a box', { 'data.yaml': 'names: [a]\n', 'labels/train/x.txt': '0 0.5 0.5\n' }],
    ['whose names are none', { 'data.yaml': 'names: 3\n' }],
  ])('%s is refused', async (_case, files) => {
    await expect(readYoloExport(await zipOf(files))).rejects.toThrow(refused);
  });

  it.each(['../../evil.txt', '/etc/evil.txt', 'a/../../evil.txt', 'C:/evil.txt', 'a\\..\\evil.txt'])(
    'with the name %s, which leads out of its folder, is refused',
    async (name) => {
      // The writer makes no such names, so one of the same length is put in its place.
      const harmless = 'x'.repeat(name.length);
      const zip = (await zipOf({ [harmless]: 'x' })).toString('latin1').replaceAll(harmless, name);
      await expect(readZipTexts(Buffer.from(zip, 'latin1'), all)).rejects.toThrow(refused);
    },
  );

  it('that unpacks to more than it may is refused, also when it lies about it', async () => {
    const limits = { entries: 10, entryBytes: 1000, totalBytes: 1500 };
    const big = await zipOf({ 'a.txt': 'x'.repeat(1001) });
    await expect(readZipTexts(big, all, limits)).rejects.toThrow(refused);
    await expect(
      readZipTexts(await zipOf({ 'a.txt': 'x'.repeat(900), 'b.txt': 'y'.repeat(900) }), all, limits),
    ).rejects.toThrow(refused);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`${n}.txt`, '']));
    await expect(readZipTexts(await zipOf(many), all, limits)).rejects.toThrow(refused);
    // The size that the directory claims, made small: 1001 = 0x03e9, little-endian.
    const lying = Buffer.from(big);
    for (let at = lying.indexOf('e9030000', 0, 'hex'); at !== -1; at = lying.indexOf('e9030000', at + 4, 'hex')) {
      lying.writeUInt32LE(10, at);
    }
    await expect(readZipTexts(lying, all, limits)).rejects.toThrow(refused);
  });

  it('that is cut off is refused', async () => {
    const whole = await zipOf({ 'data.yaml': 'names: [a]\n' });
    await expect(readYoloExport(whole.subarray(0, whole.length - 10))).rejects.toThrow(refused);
    await expect(readYoloExport(Buffer.alloc(0))).rejects.toThrow(refused);
  });
});
