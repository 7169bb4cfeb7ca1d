import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { readUltralytics } from '../../../src/review/server/formats/yolo-archive.js';
import { darknetLayout, ultralyticsLayout, yoloLine } from '../../../src/review/server/formats/yolo.js';

test.each([
  // By hand: centre and size as shares of 100 x 50 pixels.
  [[10, 5, 30, 25], '2 0.200000 0.300000 0.200000 0.400000'],
  [[0, 0, 100, 50], '2 0.500000 0.500000 1.000000 1.000000'],
  // CVAT clips nothing and turns nothing round: a box past the border, and one with its corners swapped.
  [[90, 40, 130, 60], '2 1.100000 1.000000 0.400000 0.400000'],
  [[30, 25, 10, 5], '2 0.200000 0.300000 -0.200000 -0.400000'],
])('the box %j', (points, line) => {
  expect(yoloLine({ classIndex: 2, points }, 100, 50)).toBe(line);
});

describe('layouts', () => {
  const frames = [
    {
      ...{ name: 'a.jpg', width: 100, height: 50 },
      shapes: [{ type: 'rectangle' as const, classIndex: 0, points: [0, 0, 100, 50], rotation: 0, occluded: false }],
    },
    { name: 'b.c.jpg', width: 100, height: 50, shapes: [] },
  ];

  test('Ultralytics leaves the label file of an empty frame out, but lists the frame', () => {
    const { texts, imagePath } = ultralyticsLayout({ classes: ['person'], subsets: [{ name: '', frames }] });
    expect([...texts.keys()]).toEqual(['data.yaml', 'train.txt', 'labels/train/a.txt']);
    expect(texts.get('train.txt')).toBe('data/images/train/a.jpg\ndata/images/train/b.c.jpg\n');
    expect(imagePath('a.jpg', '')).toBe('images/train/a.jpg');
  });

  test('Darknet has an empty label file for it', () => {
    const { texts } = darknetLayout({ classes: ['person'], subsets: [{ name: 'valid', frames }] });
    expect(texts.get('obj_valid_data/b.c.txt')).toBe('');
    expect(texts.get('valid.txt')).toBe('data/obj_valid_data/a.jpg\ndata/obj_valid_data/b.c.jpg\n');
  });

  test('class names that YAML would read as something else stay names', () => {
    const classes = ['yes', '1', 'a: b', '- c', '#d', '"e"'];
    const { texts } = ultralyticsLayout({ classes, subsets: [{ name: 'val', frames: [] }] });
    const data = parse(texts.get('data.yaml') ?? '') as { names: Record<string, unknown> };
    expect(Object.values(data.names)).toEqual(classes);
    // No other key than these: every further one is taken for a subset by CVAT's importer.
    expect(Object.keys(data)).toEqual(['path', 'val', 'names']);
  });
});

test('more boxes than fit into memory are refused before any of them is looked at', () => {
  const texts = new Map([
    ['data.yaml', 'names: {0: person}\ntrain: train.txt\n'],
    ['train.txt', 'images/train/a.jpg\n'],
    ['labels/train/a.txt', '0\n'.repeat(500_001)],
  ]);
  expect(() => readUltralytics(texts)).toThrow('ValueError: the archive holds more than 500000 annotations');
});
