import { expect, test } from 'vitest';
import { cocoLayout, readCoco } from '../../../src/review/server/formats/coco.js';
import type { ExportedShape } from '../../../src/review/server/formats/types.js';

const shape = (type: ExportedShape['type'], points: number[], rotation = 0): ExportedShape => ({
  ...{ type, points, rotation },
  ...{ classIndex: 1, occluded: type === 'polygon' },
});

const layout = cocoLayout({
  classes: ['person', 'car'],
  subsets: [
    {
      name: 'val',
      frames: [
        { name: 'empty.jpg', width: 8, height: 6, shapes: [] },
        {
          ...{ name: 'a.jpg', width: 100, height: 50 },
          shapes: [
            shape('rectangle', [10, 20, 40, 30], 90),
            // A right triangle, and a square with a bite: areas by hand.
            shape('polygon', [0, 0, 10, 0, 0, 6]),
            shape('polygon', [0, 0, 10, 0, 10, 10, 5, 5, 0, 10]),
          ],
        },
      ],
    },
    { name: '', frames: [] },
  ],
});

interface Coco {
  images: { id: number; file_name: string }[];
  annotations: { image_id: number; bbox: number[]; area: number; segmentation: number[][] }[];
}

test('boxes and polygons are written with their corners, areas and bounding boxes', () => {
  expect([...layout.texts.keys()]).toEqual(['annotations/instances_val.json', 'annotations/instances_default.json']);
  const { images, annotations } = JSON.parse(layout.texts.get('annotations/instances_val.json') ?? '') as Coco;
  expect(images.map(({ id, file_name }) => [id, file_name])).toEqual([
    [1, 'empty.jpg'],
    [2, 'a.jpg'],
  ]);
  expect(annotations.map(({ image_id }) => image_id)).toEqual([2, 2, 2]);
  expect(annotations.map(({ bbox }) => bbox)).toEqual([
    [10, 20, 30, 10],
    [0, 0, 10, 6],
    [0, 0, 10, 10],
  ]);
  expect(annotations.map(({ area }) => area)).toEqual([300, 30, 75]);
  expect(annotations.map(({ segmentation }) => segmentation.length)).toEqual([0, 1, 1]);
});

test('what was written is read back as it was', () => {
  const { names, shapes } = readCoco(layout.texts);
  expect([...names]).toEqual([
    [1, 'person'],
    [2, 'car'],
  ]);
  const common = { item: 'a', subset: 'val', classId: 2, shares: false };
  expect(shapes).toEqual([
    { ...common, type: 'rectangle', points: [10, 20, 40, 30], rotation: 90, occluded: false },
    { ...common, type: 'polygon', points: [0, 0, 10, 0, 0, 6], rotation: 0, occluded: true },
    { ...common, type: 'polygon', points: [0, 0, 10, 0, 10, 10, 5, 5, 0, 10], rotation: 0, occluded: true },
  ]);
});

test.each<[string, object, RegExp]>([
  ['an unknown picture', { annotations: [{ image_id: 9, category_id: 1, bbox: [1, 2, 3, 4] }] }, /no image 9/],
  ['neither box nor polygon', { annotations: [{ image_id: 1, category_id: 1 }] }, /neither box nor polygon/],
  [
    'a mask of run lengths',
    { annotations: [{ image_id: 1, category_id: 1, segmentation: { counts: [] } }] },
    /segmentation/,
  ],
  ['no pictures', { images: undefined }, /images/],
])('%s is refused by its name', (_, change, message) => {
  const coco = {
    ...{ categories: [{ id: 1, name: 'car' }], images: [{ id: 1, file_name: 'a.jpg' }], annotations: [], ...change },
  };
  expect(() => readCoco(new Map([['annotations/instances_x.json', JSON.stringify(coco)]]))).toThrow(message);
});

test('more annotations than fit into memory are refused before any of them is looked at', () => {
  const text = `{"categories":[],"images":[],"annotations":[${'0,'.repeat(500_000)}0]}`;
  expect(() => readCoco(new Map([['annotations/instances_x.json', text]]))).toThrow(
    'ValueError: the archive holds more than 500000 annotations',
  );
});
