import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { datasetStats, mergeIntoDataset, validateDataset, type AnnotatedFrame } from '../../src/dataset/index.js';
import { tinyDetector, writeOnnxModel } from '../fixtures/onnx/writer.js';
import { makeFrames } from './dataset/footage.js';

/** A Python with trainers and readers of datasets: gigabytes, so nothing that set-up would install. */
const python = process.env.FRAMELOOP_LOADERS_PYTHON;
if (!python)
  console.warn('Skipped: FRAMELOOP_LOADERS_PYTHON names no Python that has what dataset/load.py imports, and onnx.');

const names = ['player', 'ball', 'referee'];

describe.skipIf(!python)('a dataset of five rounds', () => {
  let root: string;
  let folder: string;
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'frameloop-loaders-'));
    folder = path.join(root, 'dataset');
    let earlier: AnnotatedFrame[] = [];
    for (let round = 1; round <= 5; round++) {
      const videos = await Promise.all(
        [1, 2, 3].map((video) => makeFrames(path.join(root, 'frames'), `file-r${round}v${video}`, 4 + video)),
      );
      const frames = videos.flat().map((frame, i): AnnotatedFrame => {
        const left = 4 + (i % 7);
        const boxes = names
          .slice(0, i % 4)
          .map((label, n) => ({ label, x1: left, y1: 2 + n, x2: left + 15.3, y2: 31.7 + n }));
        return { ...frame, boxes, state: boxes.length > 0 ? 'reviewed' : 'empty' };
      });
      // Frames of the round before are labelled again, and one of them goes.
      const again = earlier
        .slice(0, 2)
        .map((frame) => ({ ...frame, boxes: [{ label: 'ball', x1: 1, y1: 1, x2: 9, y2: 9 }] }));
      const removed = earlier.slice(2, 3).map(({ frameId }) => frameId);
      const split = { val: 0.2, test: 0 };
      await mergeIntoDataset({ folder, names, frames: [...frames, ...again], removed, split });
      earlier = frames;
    }
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('loads in pycocotools and mlcroissant and validates in Ultralytics without a warning; all count what stats count', async () => {
    expect(await validateDataset(folder)).toMatchObject({ ok: true, problems: [] });
    const stats = await datasetStats(folder);
    const script = fileURLToPath(import.meta.resolve('./dataset/load.py'));
    // Its boxes do not matter; it says of itself what Ultralytics' own exports say.
    const onnx = path.join(root, 'model.onnx');
    const values = [16, 32, 16, 24, 0.9].map((value, row) => [row, 7, value] as const);
    const itself = { task: 'detect', stride: '32', batch: '1', imgsz: '[64, 64]' };
    const metadata = { ...itself, names: "{0: 'player', 1: 'ball', 2: 'referee'}" };
    await writeOnnxModel(onnx, tinyDetector({ rows: 7, columns: 84, values, metadata }));
    const { stdout } = await execa(python!, [script, folder, onnx], { env: { YOLO_AUTOINSTALL: 'false' } });
    const line = stdout.split('\n').find((each) => each.startsWith('FOUND ')) ?? '';
    const { found, warnings } = JSON.parse(line.slice('FOUND '.length)) as {
      found: Record<string, Record<string, unknown>>;
      warnings: string[];
    };
    expect(warnings).toEqual([]);
    for (const split of ['train', 'val'] as const) {
      const classes = Object.fromEntries(names.map((name) => [name, stats.byClassAndSplit[name]?.[split]]));
      const boxes = Object.values(classes).reduce((sum = 0, count = 0) => sum + count, 0);
      const frames = stats.bySplit[split];
      const expected = { yolo_frames: frames, yolo_boxes: boxes, coco_frames: frames, coco_boxes: boxes };
      expect(found[split]).toEqual({ ...expected, coco_missing: [], classes, objects: classes });
    }
    expect(found.croissant).toMatchObject({ frames: stats.frames, errors: [] });
    expect(found.croissant?.first).toMatchObject({ 'frames/labels': "[b'ball']", 'frames/x2': '[9.0]' });
  });
});
