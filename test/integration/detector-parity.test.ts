import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDetector, type Detector, type DetectorOptions, type Prediction } from '../../src/detector/index.js';
import { InputTensor } from '../../src/detector/input-tensor.js';
import { centredLetterbox, topLeftLetterbox, type Letterbox } from '../../src/detector/letterbox.js';
import type { Network } from '../../src/detector/network.js';
import { readPicture } from '../../src/detector/picture.js';
import type { RgbImage } from '../../src/detector/types.js';

// Expected values: boxes that the official Python tools gave for the same files (ultralytics 8.4 on ONNX Runtime; for
// YOLOX a plain NumPy version of its demo). They lie beside the repository and are not part of it.
const shared = path.resolve('../shared');
const present = existsSync(path.join(shared, 'parity'));
if (!present) console.warn('The reference boxes (../shared/parity) are not here: parity tests are skipped.');

/** class, confidence, x1, y1, x2, y2 */
type Row = [number, number, number, number, number, number, string?];

const PIXELS = 0.02;
const CONFIDENCE = 2e-4;

function expectSameBoxes(prediction: Prediction, rows: Row[], what: string): void {
  const { detections } = prediction;
  expect(
    detections.map(({ classId }) => classId),
    what,
  ).toEqual(rows.map(([classId]) => classId));
  for (const [i, { confidence, x1, y1, x2, y2 }] of detections.entries()) {
    const [, score, ...corners] = rows[i]!;
    expect(Math.abs(confidence - score), `${what}: confidence ${i}`).toBeLessThanOrEqual(CONFIDENCE);
    for (const [j, value] of [x1, y1, x2, y2].entries()) {
      expect(Math.abs(value - (corners[j] as number)), `${what}: box ${i}`).toBeLessThanOrEqual(PIXELS);
    }
  }
}

async function withDetector<T>(options: DetectorOptions, work: (detector: Detector) => Promise<T>): Promise<T> {
  const detector = await createDetector(options);
  try {
    return await work(detector);
  } finally {
    await detector.close();
  }
}

/** What the network gets, as bytes again, three per pixel in the order of its channels. */
function pixelsOfTensor(layout: 'yolov8' | 'yolox', picture: RgbImage, box: Letterbox): Uint8Array {
  const network = { layout, inputType: 'float32', batch: 1 } as Network;
  const tensor = new InputTensor(network).fill(picture, box);
  const plane = box.width * box.height;
  const unit = layout === 'yolox' ? 1 : 255;
  return Uint8Array.from({ length: 3 * plane }, (_, i) =>
    Math.round(tensor[(i % 3) * plane + Math.floor(i / 3)]! * unit),
  );
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface UltralyticsReference {
  images: {
    image: string;
    width: number;
    height: number;
    input_shape: number[];
    letterbox_rgb_sha256: string;
    detections: Row[];
  }[];
}

describe.skipIf(!present)('boxes are those of Ultralytics predict, in the same order', () => {
  it.each(['p_v8_s320', 'p_v8_dyn', 'p_26_e2e'])('%s', async (name) => {
    const folder = path.join(shared, 'parity');
    const reference = JSON.parse(await readFile(path.join(folder, `${name}.json`), 'utf8')) as UltralyticsReference;
    await withDetector({ model: path.join(folder, `${name}.onnx`) }, async (detector) => {
      expect(detector.model.names).toEqual(['circle', "driver's square", 'triangle']);
      for (const { image, width, height, detections, input_shape, letterbox_rgb_sha256 } of reference.images) {
        const file = path.join(folder, 'images', image);
        const prediction = await detector.detect(file);
        expect(prediction).toMatchObject({ width, height });
        expectSameBoxes(prediction, detections, image);

        const input = { width: detector.model.inputWidth, height: detector.model.inputHeight };
        const { picture } = await readPicture(file);
        const box = centredLetterbox(picture, input, detector.model.dynamic ? 32 : undefined);
        expect([box.height, box.width], image).toEqual(input_shape.slice(2));
        expect(sha256(pixelsOfTensor('yolov8', picture, box)), image).toBe(letterbox_rgb_sha256);
      }
      expect(reference.images.flatMap(({ detections }) => detections).length).toBeGreaterThan(10);
    });
  });
});

interface YoloxReference {
  images: {
    image: string;
    letterbox_bgr_sha256: string;
    width: number;
    height: number;
    classwise_noplus_conf25: Row[];
    classwise_noplus_conf25_iou70: Row[];
  }[];
}

describe.skipIf(!present)('boxes are those of YOLOX', () => {
  const model = path.join(shared, 'models/yolox_nano_416_coco.onnx');
  let reference: YoloxReference;

  beforeAll(async () => {
    const text = await readFile(path.join(shared, 'parity/yolox/yolox_nano_416_coco.json'), 'utf8');
    reference = JSON.parse(text) as YoloxReference;
  });

  it.each([
    ['classwise_noplus_conf25', 0.45],
    ['classwise_noplus_conf25_iou70', 0.7],
  ] as const)('%s', async (list, iou) => {
    await withDetector({ model, iou }, async (detector) => {
      expect(detector.model).toMatchObject({ layout: 'yolox', inputWidth: 416, inputHeight: 416, dynamic: false });
      for (const image of reference.images) {
        const file = path.join(shared, 'parity/yolox', image.image);
        const prediction = await detector.detect(file);
        expectSameBoxes(
          prediction,
          image[list].map((row) => clipped(row, image)),
          image.image,
        );
      }
    });
  });

  it('feeds the very bytes that the reference feeds', async () => {
    for (const { image, letterbox_bgr_sha256 } of reference.images) {
      const { picture } = await readPicture(path.join(shared, 'parity/yolox', image));
      const box = topLeftLetterbox(picture, { width: 416, height: 416 });
      expect(sha256(pixelsOfTensor('yolox', picture, box)), image).toBe(letterbox_bgr_sha256);
    }
  });

  it('finds dog, bicycle and car on the well-known photograph', async () => {
    const found = await withDetector({ model, iou: 0.45, confidence: 0.5 }, (detector) =>
      detector.detect(path.join(shared, 'clips/dog.jpg')),
    );
    // COCO's numbers: 16 dog, 1 bicycle, 2 car.
    expect(found.detections.map(({ label, confidence }) => [label, confidence.toFixed(3)])).toEqual([
      ['class16', '0.855'],
      ['class1', '0.803'],
      ['class2', '0.798'],
    ]);
  });
});

/** The reference does not clip, we do. */
function clipped([classId, score, ...corners]: Row, { width, height }: { width: number; height: number }): Row {
  const [x1, y1, x2, y2] = corners as [number, number, number, number];
  const clip = (value: number, limit: number) => Math.min(Math.max(value, 0), limit);
  return [classId, score, clip(x1, width), clip(y1, height), clip(x2, width), clip(y2, height)];
}
