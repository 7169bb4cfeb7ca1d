import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDetector, readModel, type DetectorOptions } from '../../src/detector/index.js';
import type { OnnxModelSpec } from '../fixtures/onnx/onnx-writer.js';
import { tinyDetector, writeOnnxModel, type TinyDetector } from '../fixtures/onnx/writer.js';

// Models of every kind, made on the spot, that answer with fixed boxes. Expected values: by hand.

let folder: string;
let picture: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-models-'));
  picture = path.join(folder, 'red.png');
  await sharp({ create: { width: 128, height: 64, channels: 3, background: { r: 255, g: 0, b: 51 } } }).toFile(picture);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function modelFile(spec: OnnxModelSpec): Promise<string> {
  const file = path.join(folder, `model-${count++}.onnx`);
  await writeOnnxModel(file, spec);
  return file;
}

async function detectWith(spec: OnnxModelSpec, options: Partial<DetectorOptions> = {}) {
  const detector = await createDetector({ model: await modelFile(spec), threads: 1, device: 'cpu', ...options });
  try {
    return { model: detector.model, ...(await detector.detect(picture)) };
  } finally {
    await detector.close();
  }
}

const ultralytics = { stride: '32', names: "{0: 'ball', 1: 'glove'}", task: 'detect' };

/** A box of 16x8 around (32, 32) in a 64x64 input; the picture of 128x64 is halved, with 16 rows of padding above. */
const yolov8: TinyDetector = {
  rows: 6,
  columns: 84,
  values: [32, 32, 16, 8, 0.2, 0.75].map((value, row) => [row, 7, value] as const),
  metadata: ultralytics,
};
const inPicture = { classId: 1, label: 'glove', confidence: 0.75, x1: 48, y1: 24, x2: 80, y2: 40 };

/** The same graph behind an input of another type, and with an output of that type if it is a float. */
function withType(tiny: TinyDetector, type: 'float16' | 'uint8'): OnnxModelSpec {
  const spec = tinyDetector({ ...tiny, inputType: type });
  const [conv, ...rest] = spec.nodes;
  const add = rest.pop()!;
  const nodes = [
    { opType: 'Cast', inputs: ['images'], outputs: ['floats'], attributes: { to: 1 } },
    { ...conv!, inputs: ['floats', 'channel'] },
    ...rest,
  ];
  if (type === 'uint8') return { ...spec, nodes: [...nodes, add] };
  return {
    ...spec,
    nodes: [
      ...nodes,
      { ...add, outputs: ['sum'] },
      { opType: 'Cast', inputs: ['sum'], outputs: ['output0'], attributes: { to: 10 } },
    ],
    outputs: spec.outputs.map((output) => ({ ...output, type: 'float16' as const })),
  };
}

describe('types of inputs and outputs', () => {
  it('half precision in and out', async () => {
    const { detections } = await detectWith(withType(yolov8, 'float16'));
    expect(detections).toEqual([inPicture]);
  });

  it('half precision and bytes carry the colours', async () => {
    // Red is 1, or 255, in the 32 of 64 rows that the picture fills, and the padding is 114 of 255.
    const mean = (1 + 114 / 255) / 2;
    const probe = (factor: number) => ({ ...yolov8, values: [], mean: { channel: 0, row: 4, column: 0, factor } });
    const half = await detectWith(withType(probe(0.5), 'float16'));
    expect(half.detections[0]!.confidence).toBeCloseTo(mean / 2, 3);
    const bytes = await detectWith(withType(probe(0.5 / 255), 'uint8'));
    expect(bytes.detections[0]!.confidence).toBeCloseTo(mean / 2, 5);
  });
});

describe('DETR', () => {
  const row = (index: number, numbers: number[]) => numbers.map((value, column) => [index, column, value] as const);

  it('RT-DETR of Ultralytics: shares of the picture, a score per class, not clipped', async () => {
    const values = [...row(0, [0.5, 0.5, 0.125, 0.125, 0.2, 0.75, 0]), ...row(1, [0, 0.5, 0.5, 0.25, 0.9, 0.1, 0])];
    const names = "{0: 'ball', 1: 'glove', 2: 'post'}";
    const { model, detections } = await detectWith(
      tinyDetector({ rows: 300, columns: 7, values, metadata: { ...ultralytics, names } }),
    );
    expect(model.layout).toBe('rtdetr');
    expect(detections).toMatchObject([
      { label: 'ball', x1: -32, y1: 24, x2: 32, y2: 40 },
      { label: 'glove', x1: 56, y1: 28, x2: 72, y2: 36 },
    ]);
  });

  it('RT-DETR of newer exporters: score and class', async () => {
    const values = row(0, [0.5, 0.5, 0.125, 0.125, 0.75, 1]);
    const metadata = { ...ultralytics, head: 'RTDETRDecoder' };
    const { model, detections } = await detectWith(tinyDetector({ rows: 300, columns: 6, values, metadata }));
    expect(model.layout).toBe('rtdetr');
    expect(detections).toMatchObject([{ label: 'glove', confidence: 0.75, x1: 56, y1: 28, x2: 72, y2: 36 }]);
  });

  it('RT-DETR and D-FINE of the original repositories: labels, boxes and scores, and the size as second input', async () => {
    // Boxes are half of the size that is given.
    const tensor = (name: string, type: 'float32' | 'int64', dims: number[], data: number[]) => ({
      name,
      type,
      dims,
      data,
    });
    const spec: OnnxModelSpec = {
      nodes: [
        { opType: 'ReduceMean', inputs: ['images'], outputs: ['mean'], attributes: { axes: [1, 2, 3], keepdims: 0 } },
        { opType: 'Cast', inputs: ['orig_target_sizes'], outputs: ['size'], attributes: { to: 1 } },
        { opType: 'Concat', inputs: ['zero', 'size'], outputs: ['corners'], attributes: { axis: 1 } },
        { opType: 'Mul', inputs: ['corners', 'half'], outputs: ['halved'] },
        { opType: 'Reshape', inputs: ['halved', 'shape'], outputs: ['boxes'] },
        { opType: 'Mul', inputs: ['mean', 'none'], outputs: ['nothing'] },
        { opType: 'Add', inputs: ['nothing', 'score'], outputs: ['scores'] },
        { opType: 'Cast', inputs: ['one'], outputs: ['labels'], attributes: { to: 7 } },
      ],
      initializers: [
        tensor('zero', 'float32', [1, 2], [0, 0]),
        tensor('half', 'float32', [1], [0.5]),
        tensor('shape', 'int64', [3], [1, 1, 4]),
        tensor('none', 'float32', [1], [0]),
        tensor('score', 'float32', [1, 1], [0.75]),
        tensor('one', 'float32', [1, 1], [1]),
      ],
      inputs: [
        { name: 'images', dims: [1, 3, 64, 64] },
        { name: 'orig_target_sizes', type: 'int64', dims: [1, 2] },
      ],
      outputs: [
        { name: 'labels', type: 'int64', dims: [1, 1] },
        { name: 'boxes', dims: [1, 1, 4] },
        { name: 'scores', dims: [1, 1] },
      ],
    };
    const { model, detections } = await detectWith(spec, { labels: ['ball', 'glove'] });
    expect(model.layout).toBe('detr');
    expect(detections).toEqual([{ ...inPicture, x1: 0, y1: 0, x2: 64, y2: 32 }]);
  });
});

describe('what is said of a model', () => {
  it('a device that is not there gives way to the CPU, and that is said', async () => {
    const { model, detections } = await detectWith(tinyDetector(yolov8), { device: 'directml' });
    expect(model.warnings).toEqual([expect.stringContaining("'directml' cannot be used, the CPU does the work")]);
    expect(detections).toEqual([inPicture]);
  });

  it('names come from classes.txt beside it', async () => {
    const file = await modelFile(tinyDetector({ ...yolov8, metadata: undefined }));
    const names = path.join(folder, 'classes.txt');
    await writeFile(names, 'one\ntwo\n');
    expect((await readModel({ model: file })).names).toEqual(['one', 'two']);
    await rm(names);
  });

  it.each(['segment', 'pose', 'obb', 'classify'])('task %s is named in the refusal', async (task) => {
    const model = await modelFile(tinyDetector({ ...yolov8, metadata: { ...ultralytics, task } }));
    await expect(readModel({ model })).rejects.toMatchObject({
      code: 'MODEL_NOT_A_DETECTOR',
      message: expect.stringContaining(`'${task}'`) as string,
    });
  });

  it('an operator set from the future: which one, and what to do', async () => {
    const model = await modelFile({ ...tinyDetector(yolov8), opset: 99 });
    await expect(readModel({ model })).rejects.toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      message: expect.stringContaining('99') as string,
      hint: expect.stringContaining('lower one') as string,
    });
  });
});

describe('options', () => {
  it('agnostic: of two boxes in one place only the better stays, whatever their classes', async () => {
    const values = [32, 32, 16, 8, 0.9, 0.2, 32, 32, 16, 8, 0.2, 0.75];
    const both = { ...yolov8, values: values.map((value, i) => [i % 6, 7 + Math.floor(i / 6), value] as const) };
    expect((await detectWith(tinyDetector(both))).detections).toHaveLength(2);
    expect((await detectWith(tinyDetector(both), { agnostic: true })).detections).toMatchObject([{ label: 'ball' }]);
  });

  it('resize fast: a large JPEG gives the same box in pixels of the whole picture', async () => {
    const large = path.join(folder, 'large.jpg');
    await sharp({ create: { width: 1280, height: 640, channels: 3, background: 'navy' } })
      .jpeg()
      .toFile(large);
    const detector = await createDetector({ model: await modelFile(tinyDetector(yolov8)), resize: 'fast', threads: 1 });
    try {
      const { width, height, detections } = await detector.detect(large);
      expect({ width, height }).toEqual({ width: 1280, height: 640 });
      expect(detections).toMatchObject([{ x1: 480, y1: 240, x2: 800, y2: 400 }]);
    } finally {
      await detector.close();
    }
  });

  it('a prediction names its model, counts its labels and describes its picture', async () => {
    const { model, modelSha256, classHistogram, embedding } = await detectWith(tinyDetector(yolov8));
    expect(modelSha256).toBe(model.sha256);
    expect(classHistogram).toEqual({ glove: 1 });
    expect(embedding).toHaveLength(112);
  });
});
