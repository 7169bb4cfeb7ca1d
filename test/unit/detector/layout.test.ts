import { describe, expect, it } from 'vitest';
import { recogniseNetwork, type LayoutHints } from '../../../src/detector/layout.js';
import type { NetworkTrial } from '../../../src/detector/network.js';

interface Case {
  dims: number[];
  side?: number;
  /** Greatest number by column; the last one stands for all that follow. Default: boxes in pixels, scores below 1. */
  greatest?: number[];
  whole?: number[];
  /** Columns that hold nothing but 1. */
  ones?: number[];
  hints?: Partial<LayoutHints>;
}

function recognise({ dims, side = 640, greatest = [side, side, side, side, 0.9], whole = [], ones = [], hints }: Case) {
  const range = (index: number) => {
    const max = greatest[Math.min(index, greatest.length - 1)]!;
    return { min: ones.includes(index) ? 1 : 0, max, whole: whole.includes(index) };
  };
  const ranges = (count = 0) => Array.from({ length: count }, (_, index) => range(index));
  const [, rows, columns] = dims;
  const trial: NetworkTrial = {
    input: { name: 'images', type: 'float32', dims: [1, 3, side, side] },
    size: { width: side, height: side },
    outputs: [{ name: 'output0', type: 'float32', dims, rows: ranges(rows), columns: ranges(columns) }],
    warnings: [],
  };
  return recogniseNetwork(trial, { metadata: {}, ...hints });
}

const offsets = (greatest: number) => [greatest, greatest, 1, 1, 0.9];
const shares = [1, 1, 0.8, 0.9, 0.7];

const named = { stride: '32', names: "{0: 'a'}" };

// Shapes: those of the published exports of each family.
describe('the layout is recognised from what a model shows', () => {
  it.each<[string, Case, string, number | undefined]>([
    ['YOLOv8 … 12 on COCO', { dims: [1, 84, 8400] }, 'yolov8', 80],
    ['YOLOv8 with two classes: six channels are not six columns', { dims: [1, 6, 8400] }, 'yolov8', 2],
    ['YOLOv5 on COCO', { dims: [1, 25200, 85], hints: { metadata: named } }, 'yolov5', 80],
    ['YOLOv5 with one class: six columns, but thousands of rows', { dims: [1, 25200, 6] }, 'yolov5', 1],
    ['a small YOLOv5 with one class', { dims: [1, 252, 6], side: 64, hints: { classes: 1 } }, 'yolov5', 1],
    [
      'YOLOv6: one box per cell, an objectness of 1',
      { dims: [1, 8400, 85], greatest: [640, 640, 640, 640, 1, 0.9], ones: [4] },
      'yolov5',
      80,
    ],
    ['YOLOX, decoded: one box per cell, an objectness', { dims: [1, 8400, 85] }, 'yolox', 80],
    ['YOLOv8 with 80 classes on 64 pixels: as many rows as columns', { dims: [1, 84, 84], side: 64 }, 'yolov8', 80],
    ['YOLOv8 with a level for small things', { dims: [1, 7, 34000] }, 'yolov8', 3],
    ['RT-DETR', { dims: [1, 300, 84], greatest: shares }, 'rtdetr', 80],
    ['RT-DETR with two classes', { dims: [1, 300, 6], greatest: shares, hints: { classes: 2 } }, 'rtdetr', 2],
    [
      'RT-DETR of newer exporters: score and class',
      {
        dims: [1, 300, 6],
        greatest: [...shares, 1],
        whole: [5],
        hints: { metadata: { head: 'RTDETRDecoder' }, classes: 2 },
      },
      'rtdetr',
      0,
    ],
    ['YOLOX nano', { dims: [1, 3549, 85], side: 416, greatest: offsets(3.1) }, 'yolox', 80],
    ['YOLOv10, YOLO26 end to end', { dims: [1, 300, 6], hints: { metadata: { end2end: 'True' } } }, 'end2end', 0],
    ['an older exporter that does not say it', { dims: [1, 300, 6], hints: { classes: 1 } }, 'end2end', 1],
    [
      'suppression inside the graph, said in args only',
      { dims: [1, 2000, 6], hints: { metadata: { end2end: 'False', args: "{'nms': True}" } } },
      'end2end',
      0,
    ],
  ])('%s', (_name, one, layout, classes) => {
    expect(recognise(one)).toMatchObject({ layout, classes });
  });

  it('YOLOX boxes that are decoded already are left as they are, raw ones get their grid', () => {
    const hints = { layout: 'yolox' } as const;
    expect(recognise({ dims: [1, 8400, 85], hints }).gridStrides).toBeUndefined();
    expect(recognise({ dims: [1, 8400, 85], greatest: offsets(2), hints }).gridStrides).toEqual([8, 16, 32]);
    // 640: 80² + 40² + 20² + 10² cells.
    expect(recognise({ dims: [1, 8500, 85], greatest: offsets(2), hints }).gridStrides).toEqual([8, 16, 32, 64]);
  });

  it.each<[string, Case, string]>([
    [
      'segmentation, pose, oriented boxes by their task',
      { dims: [1, 84, 8400], hints: { metadata: { task: 'obb' } } },
      'MODEL_NOT_A_DETECTOR',
    ],
    ['a classifier', { dims: [1, 1000] }, 'MODEL_NOT_A_DETECTOR'],
    ['a map of features', { dims: [1, 64, 80, 80] }, 'MODEL_NOT_A_DETECTOR'],
    ['a pose model that does not say so', { dims: [1, 56, 8400], greatest: [640] }, 'MODEL_NOT_A_DETECTOR'],
    ['names that do not fit the shape', { dims: [1, 84, 8400], hints: { classes: 3 } }, 'MODEL_LAYOUT_UNKNOWN'],
    ['raw boxes of an unknown grid', { dims: [1, 777, 85], greatest: offsets(3.1) }, 'MODEL_LAYOUT_UNKNOWN'],
  ])('refused: %s', (_name, one, code) => {
    expect(() => recognise(one)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
