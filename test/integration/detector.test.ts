import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OnnxModelSpec } from '../fixtures/onnx/onnx-writer.js';
import { createDetector, readModel, type Detector, type DetectorOptions } from '../../src/detector/index.js';
import { recogniseNetwork } from '../../src/detector/layout.js';
import { DetectThreads } from '../../src/detector/pool.js';
import { tinyDetector, writeOnnxModel, type TinyDetector } from '../fixtures/onnx/writer.js';

// Real ONNX Runtime, real threads, real pictures; the models answer with fixed boxes. Expected values: by hand.

let folder: string;
let picture: string;
const open: Detector[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-detector-'));
  picture = await colourPicture('red.png', 128, 64, { r: 255, g: 0, b: 51 });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((detector) => detector.close()));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function colourPicture(
  name: string,
  width: number,
  height: number,
  background: { r: number; g: number; b: number },
): Promise<string> {
  const file = path.join(folder, name);
  await sharp({ create: { width, height, channels: 3, background } }).toFile(file);
  return file;
}

let count = 0;
async function modelFile(spec: TinyDetector | OnnxModelSpec): Promise<string> {
  const file = path.join(folder, `model-${count++}.onnx`);
  await writeOnnxModel(file, 'nodes' in spec ? spec : tinyDetector(spec));
  return file;
}

async function detector(spec: TinyDetector, options: Partial<DetectorOptions> = {}): Promise<Detector> {
  const created = await createDetector({ model: await modelFile(spec), threads: 1, ...options });
  open.push(created);
  return created;
}

const ultralytics = { stride: '32', names: "{0: 'ball', 1: \"keeper's glove\"}", task: 'detect' };

/** [6, 84]: x, y, width, height, two classes; box of 16x8 around (32, 32) in a 64x64 input. */
const yolov8: TinyDetector = {
  rows: 6,
  columns: 84,
  values: [32, 32, 16, 8, 0.2, 0.75].map((value, row) => [row, 7, value] as const),
  metadata: ultralytics,
};

/** The picture is 128x64: halved, with 16 rows of padding above. */
const inPicture = { x1: 48, y1: 24, x2: 80, y2: 40 };

describe('every layout gives the same box in pixels of the picture', () => {
  it('YOLOv8: channels first, without objectness', async () => {
    const { model, detect } = bound(await detector(yolov8));
    expect(model).toMatchObject({ layout: 'yolov8', inputWidth: 64, inputHeight: 64, dynamic: false, warnings: [] });
    const prediction = await detect(picture);
    expect(prediction).toMatchObject({ width: 128, height: 64 });
    expect(prediction.detections).toEqual([{ classId: 1, label: "keeper's glove", confidence: 0.75, ...inPicture }]);
  });

  it('YOLOv5: anchors first, the score is objectness times class', async () => {
    // 3 anchors per cell of an 8x8, a 4x4 and a 2x2 grid.
    const values = [32, 32, 16, 8, 0.5, 0.25, 0.75].map((value, column) => [100, column, value] as const);
    const { model, detect } = bound(await detector({ rows: 252, columns: 7, values }));
    expect(model).toMatchObject({ layout: 'yolov5', names: ['class0', 'class1'] });
    expect(model.warnings.join()).toContain('no class names');
    expect((await detect(picture)).detections).toEqual([
      { classId: 1, label: 'class1', confidence: 0.375, ...inPicture },
    ]);
  });

  it('YOLOX: relative to the grid, picture in the top left corner, padding below', async () => {
    // Cell (3, 2) of the 8x8 grid: centre ((3 + 1) * 8, (2 - 0.25) * 8) = (32, 14), size (e^ln2 * 8, e^0 * 8) = (16, 8).
    const values = [1, -0.25, Math.log(2), 0, 0.5, 1].map((value, column) => [19, column, value] as const);
    const { model, detect } = bound(await detector({ rows: 84, columns: 6, values }, { labels: ['ball'] }));
    expect(model.layout).toBe('yolox');
    const [found] = (await detect(picture)).detections;
    expect(found).toMatchObject({ classId: 0, label: 'ball', confidence: 0.5 });
    // Halved, no offset: x 24..40, y 10..18 become 48..80 and 20..36.
    expect([found!.x1, found!.y1, found!.x2, found!.y2].map((value) => value.toFixed(3))).toEqual([
      '48.000',
      '20.000',
      '80.000',
      '36.000',
    ]);
  });

  it('end to end: corners, no suppression, empty rows left out', async () => {
    const row = (index: number, score: number, classId: number) =>
      [24, 28, 40, 36, score, classId].map((value, column) => [index, column, value] as const);
    const values = [...row(0, 0.75, 1), ...row(1, 0.5, 0), ...row(2, 0.25, 0)];
    const { model, detect } = bound(await detector({ rows: 300, columns: 6, values, metadata: ultralytics }));
    expect(model.layout).toBe('end2end');
    // 0.25 is not above the threshold of 0.25.
    expect((await detect(picture)).detections).toEqual([
      { classId: 1, label: "keeper's glove", confidence: 0.75, ...inPicture },
      { classId: 0, label: 'ball', confidence: 0.5, ...inPicture },
    ]);
  });

  it('a model of dynamic size pads to the next multiple of 32 only', async () => {
    const { model, detect } = bound(
      await detector({ ...yolov8, input: ['batch', 3, 'height', 'width'] }, { imageSize: 100 }),
    );
    // 100 is rounded up to 128: the picture goes in as it is, without padding.
    expect(model).toMatchObject({ dynamic: true, inputWidth: 128, inputHeight: 128 });
    expect((await detect(picture)).detections).toMatchObject([{ x1: 24, y1: 28, x2: 40, y2: 36 }]);
  });

  it('a model exported for batches of two', async () => {
    const { detect } = bound(await detector({ ...yolov8, input: [2, 3, 64, 64] }));
    expect((await detect(picture)).detections).toMatchObject([inPicture]);
  });
});

describe('the network sees the colours it was trained on', () => {
  // The picture fills the input, so a channel's mean is the picture's own value. It is added to a score of zero.
  const probe = (channel: number, factor: number, rows: number, columns: number, row: number, column: number) => ({
    rows,
    columns,
    values: [],
    mean: { channel, factor, row, column },
    input: [1, 3, 64, 128],
  });

  it.each([
    ['red', 0, 1],
    ['blue', 2, 0.2],
  ])('Ultralytics: RGB from 0 to 1 (%s)', async (_name, channel, value) => {
    const { detect } = bound(await detector({ ...probe(channel, 0.5, 6, 168, 4, 0) }, { confidence: 0.01 }));
    expect((await detect(picture)).detections[0]!.confidence).toBeCloseTo(value / 2, 5);
  });

  it.each([
    ['red', 2, 255],
    ['blue', 0, 51],
  ])('YOLOX: BGR from 0 to 255 (%s)', async (_name, channel, value) => {
    const tiny = probe(channel, 1 / 512, 168, 6, 3, 5);
    const withObjectness = { ...tiny, values: [[3, 4, 1]] as const };
    const { detect } = bound(await detector(withObjectness, { layout: 'yolox', confidence: 0.01 }));
    expect((await detect(picture)).detections[0]!.confidence).toBeCloseTo(value / 512, 5);
  });
});

describe('options', () => {
  it('keeps only the wanted classes', async () => {
    const { detect } = bound(await detector(yolov8, { classes: ['ball'] }));
    expect((await detect(picture)).detections).toEqual([]);
    await expect(detector(yolov8, { classes: ['goal'] })).rejects.toMatchObject({
      code: 'CLASS_UNKNOWN',
      hint: "It knows: ball, keeper's glove.",
    });
  });

  it('says that a fixed size cannot be changed', async () => {
    expect((await readModel({ model: await modelFile(yolov8), imageSize: 320 })).warnings.join()).toContain(
      'only 64x64',
    );
  });

  it('takes names from a file beside the model, and ignores one that does not fit', async () => {
    const model = await modelFile({ ...yolov8, metadata: undefined });
    const names = model.replace('.onnx', '.txt');
    await writeFile(names, 'ball\nglove\n');
    expect(await readModel({ model })).toMatchObject({ names: ['ball', 'glove'], warnings: [] });
    await writeFile(names, 'ball\n');
    const info = await readModel({ model });
    expect(info.names).toEqual(['class0', 'class1']);
    expect(info.warnings.join()).toContain('1 class names, but the model tells 2');
    await rm(names);
    const yaml = path.join(folder, 'data.yaml');
    await writeFile(yaml, 'names:\n  0: ball\n  1: glove\n');
    expect((await readModel({ model })).names).toEqual(['ball', 'glove']);
    await rm(yaml);
  });
});

describe('what cannot work is refused with its reason', () => {
  const refusal = async (model: string, options: Partial<DetectorOptions> = {}) =>
    readModel({ model, ...options }).then(
      () => 'accepted',
      (error: { code: string; hint?: string }) => (error.hint ? error.code : 'no hint'),
    );

  it('no file, a folder, a text, random bytes, a checkpoint, half a model', async () => {
    expect(await refusal(path.join(folder, 'nowhere.onnx'))).toBe('MODEL_NOT_FOUND');
    expect(await refusal(folder)).toBe('MODEL_NOT_FOUND');
    const file = path.join(folder, 'wrong.onnx');
    const whole = await modelFile(yolov8);
    const bytes = await sharp(picture).toBuffer();
    for (const content of ['', 'This is not a model.', bytes, 'PK\u0003\u0004 archive']) {
      await writeFile(file, content);
      expect(await refusal(file)).toBe('MODEL_NOT_ONNX');
    }
    await writeFile(file, (await readFile(whole)).subarray(0, 900));
    expect(await refusal(file)).toBe('MODEL_NOT_ONNX');
  });

  it('models that are not detectors', async () => {
    const segment = { ...yolov8, metadata: { ...ultralytics, task: 'segment' } };
    expect(await refusal(await modelFile(segment))).toBe('MODEL_NOT_A_DETECTOR');
    const classifier = tinyDetector({ rows: 1, columns: 10, values: [] });
    classifier.nodes = [
      ...classifier.nodes.slice(0, -1),
      { opType: 'Add', inputs: ['weighted', 'constant'], outputs: ['three'] },
      { opType: 'Flatten', inputs: ['three'], outputs: ['output0'] },
    ];
    classifier.outputs = [{ name: 'output0', dims: [1, 10] }];
    expect(await refusal(await modelFile(classifier))).toBe('MODEL_NOT_A_DETECTOR');
  });

  it('shapes that fit no layout, labels that fit no shape, inputs that are not pictures', async () => {
    const three = { ...yolov8, metadata: { ...ultralytics, names: "{0: 'a', 1: 'b', 2: 'c'}" } };
    expect(await refusal(await modelFile(three))).toBe('MODEL_LAYOUT_UNKNOWN');
    expect(await refusal(await modelFile(yolov8), { labels: ['one'] })).toBe('LABELS_MISMATCH');
    expect(await refusal(await modelFile(yolov8), { layout: 'end2end' })).toBe('MODEL_LAYOUT_UNKNOWN');
    const noPicture: OnnxModelSpec = {
      nodes: [{ opType: 'Relu', inputs: ['x'], outputs: ['y'] }],
      initializers: [],
      inputs: [{ name: 'x', dims: [1, 10] }],
      outputs: [{ name: 'y', dims: [1, 10] }],
    };
    expect(await refusal(await modelFile(noPicture))).toBe('MODEL_NOT_A_DETECTOR');
    const wholeNumbers: OnnxModelSpec = {
      nodes: [{ opType: 'Relu', inputs: ['x'], outputs: ['y'] }],
      initializers: [],
      inputs: [{ name: 'x', type: 'int32', dims: [1, 3, 64, 64] }],
      outputs: [{ name: 'y', type: 'int32', dims: [1, 3, 64, 64] }],
    };
    expect(await refusal(await modelFile(wholeNumbers))).toBe('MODEL_INPUT_UNSUPPORTED');
    const unknownOperator = { ...wholeNumbers, nodes: [{ opType: 'Nonsense', inputs: ['x'], outputs: ['y'] }] };
    expect(await refusal(await modelFile(unknownOperator))).toBe('MODEL_LOAD_FAILED');
  });

  it('pictures that cannot be read, without harm to the next one', async () => {
    const { detect } = bound(await detector(yolov8));
    const broken = path.join(folder, 'broken.jpg');
    await writeFile(broken, 'no picture');
    await expect(detect(broken)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE', retryable: false });
    const whole = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'teal' } })
      .jpeg()
      .toBuffer();
    await writeFile(broken, whole.subarray(0, whole.length / 2));
    await expect(detect(broken)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
    await expect(detect(path.join(folder, 'nowhere.jpg'))).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
    expect((await detect(picture)).detections).toHaveLength(1);
  });
});

describe('pictures of every kind', () => {
  it('grey, transparent, 16-bit and rotated by EXIF', async () => {
    const { detect } = bound(await detector(yolov8));
    const base = () => sharp({ create: { width: 128, height: 64, channels: 3, background: 'orange' } });
    const files = {
      'grey.jpg': base().greyscale().jpeg(),
      'alpha.png': base().ensureAlpha(0.5).png(),
      'deep.png': base().toColourspace('rgb16').png(),
      'palette.png': base().png({ palette: true }),
    };
    for (const [name, image] of Object.entries(files)) {
      await image.toFile(path.join(folder, name));
      expect((await detect(path.join(folder, name))).detections, name).toMatchObject([inPicture]);
    }
    const rotated = path.join(folder, 'rotated.jpg');
    await base().withMetadata({ orientation: 6 }).jpeg().toFile(rotated);
    expect(await detect(rotated)).toMatchObject({ width: 64, height: 128 });
  });
});

describe('pixels in memory', () => {
  const pixels = async () => {
    const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  };

  it('give what their file gives, copied, shared or given away', async () => {
    const { detect } = bound(await detector(yolov8));
    const fromFile = await detect(picture);
    const copied = await pixels();
    expect(await detect(copied)).toEqual(fromFile);
    expect(copied.data).toHaveLength(128 * 64 * 3);
    const shared = { ...copied, data: new Uint8Array(new SharedArrayBuffer(copied.data.length)) };
    shared.data.set(copied.data);
    expect(await detect(shared, { transfer: true })).toEqual(fromFile);
    const part = new Uint8Array(copied.data.length + 100).subarray(7, copied.data.length + 7);
    part.set(copied.data);
    expect(await detect({ ...copied, data: part }, { transfer: true })).toEqual(fromFile);
    expect(part).toHaveLength(copied.data.length);
    expect(await detect(copied, { transfer: true })).toEqual(fromFile);
    expect(copied.data).toHaveLength(0);
  });

  it('that do not fill the picture are refused', async () => {
    const { detect } = bound(await detector(yolov8));
    await expect(detect({ width: 2, height: 2, data: new Uint8Array(11) })).rejects.toMatchObject({
      code: 'IMAGE_UNREADABLE',
    });
  });
});

describe('many pictures at once', () => {
  it('are worked on in threads, while the main thread goes on', async () => {
    const { detect } = bound(await detector(yolov8, { threads: 2 }));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const predictions = await Promise.all(Array.from({ length: 50 }, () => detect(picture)));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
    expect(new Set(predictions.map((prediction) => JSON.stringify(prediction))).size).toBe(1);
  });

  it('an aborted picture rejects with the reason, and the others go on', async () => {
    const { detect } = bound(await detector(yolov8));
    const reason = new Error('enough');
    const controller = new AbortController();
    const first = detect(picture);
    const aborted = detect(picture, { signal: controller.signal });
    const last = detect(picture);
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(detect(picture, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect((await first).detections).toEqual((await last).detections);
  });

  it('closing gives up what is queued, and a closed detector says so', async () => {
    const created = await detector(yolov8);
    const queued = Array.from({ length: 20 }, () => created.detect(picture));
    const outcomes = Promise.allSettled(queued);
    await created.close();
    const last = (await outcomes).at(-1);
    expect(last).toMatchObject({ status: 'rejected', reason: { code: 'DETECTOR_CLOSED' } });
    await expect(created.detect(picture)).rejects.toMatchObject({ code: 'DETECTOR_CLOSED' });
  });

  it('a process that exits in the middle of its work exits with its own code', async () => {
    // Tearing down native code at work would abort it: 134 instead of 7.
    const model = await modelFile(slowDetector());
    const script = `
      const { createDetector } = await import(${JSON.stringify(new URL('../../src/detector/index.ts', import.meta.url).href)});
      const detector = await createDetector({ model: ${JSON.stringify(model)}, threads: 2 });
      for (let i = 0; i < 30; i++) detector.detect(${JSON.stringify(picture)}).catch(() => {});
      setTimeout(() => process.exit(7), 200);`;
    const { exitCode, stderr } = await execa('node', ['--import', 'tsx', '--input-type=module', '-e', script], {
      reject: false,
    });
    expect(stderr).toBe('');
    expect(exitCode).toBe(7);
  });

  it('a thread that dies is replaced, and its picture is done by another', async () => {
    const threads = new DetectThreads({ modelFile: await modelFile(yolov8), device: 'cpu' }, 1);
    const before = threads.threads[0]!;
    const died = before.terminate();
    await expect(threads.inspect({})).resolves.toMatchObject({ size: { width: 64, height: 64 } });
    await died;
    expect(threads.threads).toHaveLength(1);
    expect(threads.threads[0]).not.toBe(before);
    await threads.close();
  });

  it('a thread that dies while a picture waits for it loses nothing', async () => {
    const threads = new DetectThreads({ modelFile: await modelFile(yolov8), device: 'cpu' }, 1);
    const trial = await threads.inspect({});
    const network = recogniseNetwork(trial, { metadata: ultralytics });
    const thresholds = { confidence: 0.25, iou: 0.7, agnostic: false, maxDetections: 300 };
    const pending = threads.detect({ picture, network, resize: 'exact', thresholds });
    await threads.threads[0]!.terminate();
    expect((await pending).boxes).toMatchObject([inPicture]);
    await threads.close();
  });
});

/** Spends nearly all of its time (a few GMAC per picture) inside ONNX Runtime. */
function slowDetector(): OnnxModelSpec {
  const spec = tinyDetector({ ...yolov8, input: [1, 3, 640, 640] });
  const [first, ...rest] = spec.nodes;
  const wide = {
    opType: 'Conv',
    inputs: ['images', 'wide'],
    outputs: ['features'],
    attributes: { kernel_shape: [7, 7] },
  };
  const weights = (name: string, dims: number[]) => {
    return { name, type: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b)) } as const;
  };
  return {
    ...spec,
    nodes: [wide, { ...first!, inputs: ['features', 'narrow'] }, ...rest],
    initializers: [...spec.initializers, weights('wide', [64, 3, 7, 7]), weights('narrow', [1, 64, 1, 1])],
  };
}

/** The detector's parts without `this`. */
function bound(created: Detector) {
  return { model: created.model, detect: created.detect.bind(created) };
}
