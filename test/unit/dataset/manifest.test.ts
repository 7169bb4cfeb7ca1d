import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { datasetVersion, parseManifest, printManifest, toRecord } from '../../../src/dataset/manifest.js';
import { annotatedFrame } from './frames.js';

const names = ['person', 'ball'];

describe('the manifest', () => {
  const boxes = [
    { label: 'ball', x1: 1, y1: 1, x2: 9, y2: 9 },
    { label: 'person', x1: 10, y1: 10, x2: 30, y2: 40 },
  ];
  const record = toRecord(annotatedFrame({ boxes }), 'train', names);

  it('holds the hash of the label file', () => {
    // By hand: boxes in the order of their classes, in shares of 100 x 50.
    const label = '0 0.2 0.5 0.2 0.6\n1 0.05 0.1 0.08 0.16\n';
    expect(record.labelSha256).toBe(createHash('sha256').update(label).digest('hex'));
  });

  it('has the same bytes in whatever order boxes, keys and frames come', () => {
    const frame = annotatedFrame({ boxes: [...boxes].reverse() });
    const shuffled = Object.fromEntries(Object.entries(frame).reverse()) as unknown as typeof frame;
    expect(JSON.stringify(toRecord(shuffled, 'train', names))).toBe(JSON.stringify(record));
    const later = toRecord(annotatedFrame({ ptsMs: 5 }), 'train', names);
    expect(printManifest([later, record])).toBe(printManifest([record, later]));
    expect(parseManifest(printManifest([later, record]))).toEqual([record, later]);
  });

  it('gives the dataset its version', () => {
    // echo -n '' | sha256sum
    expect(datasetVersion('')).toBe('e3b0c44298fc');
  });

  it.each(['{"frameId":"a"}\n', 'not json\n', 'null\n', '{}'])('%j is refused as damaged', (text) => {
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: 'DATASET_DAMAGED' }));
  });
});
