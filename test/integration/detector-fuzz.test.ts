import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pMap from 'p-map';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PipelineError } from '../../src/common/errors.js';
import { seededRandom } from '../../src/common/random.js';
import { createDetector, readModel } from '../../src/detector/index.js';
import { onnxModel } from '../fixtures/onnx/onnx-writer.js';
import { tinyDetector, writeOnnxModel } from '../fixtures/onnx/writer.js';

// A crash of native code would end this very process: then the whole file fails.

let folder: string;

beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'frameloop-fuzz-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const model = tinyDetector({
  rows: 6,
  columns: 84,
  values: [32, 32, 16, 8, 0.2, 0.75].map((value, row) => [row, 7, value] as const),
  metadata: { stride: '32', names: "{0: 'a', 1: 'b'}", task: 'detect', args: "{'nms': False}" },
});

/** Cuts every fourth, and flips 1, 4 or 16 bits of the others. */
function damage(whole: Uint8Array, index: number): Uint8Array {
  const random = seededRandom(`damage ${index}`);
  if (index % 4 === 3) return whole.subarray(0, Math.floor(random() * whole.length));
  const bytes = Uint8Array.from(whole);
  for (let flips = 4 ** (index % 4); flips > 0; flips--) {
    bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
  }
  return bytes;
}

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'works';
  } catch (error) {
    return error instanceof PipelineError ? error.code : `not a PipelineError: ${String(error)}`;
  }
}

// Each begins a session, so no test has too many of them.
it.each([0, 40, 80, 120, 160])(
  'damaged models from number %i on are refused in plain words, or work',
  async (first) => {
    const whole = onnxModel(model);
    const outcomes = await pMap(
      Array.from({ length: 40 }, (_, index) => first + index),
      async (index) => {
        const file = path.join(folder, `damaged-${index}.onnx`);
        await writeFile(file, damage(whole, index));
        return outcome(readModel({ model: file }));
      },
      { concurrency: 2 },
    );
    for (const each of outcomes) expect(each).toMatch(/^(works|(MODEL|LABELS|DETECTOR)_[A-Z_]+)$/);
    expect(new Set(outcomes).size).toBeGreaterThan(2);
  },
);

it('100 damaged pictures are refused in plain words, or read, and the next whole one is done as ever', async () => {
  const file = path.join(folder, 'whole.onnx');
  await writeOnnxModel(file, model);
  // Noise that is the same in every run: then so is the damage.
  const random = seededRandom('picture');
  const noise = Uint8Array.from({ length: 96 * 64 * 3 }, () => 256 * random());
  const base = sharp(noise, { raw: { width: 96, height: 64, channels: 3 } });
  const wholes = await Promise.all([
    base.clone().jpeg().toBuffer(),
    base.clone().png().toBuffer(),
    base.clone().webp().toBuffer(),
  ]);
  const detector = await createDetector({ model: file, threads: 2, device: 'cpu' });
  try {
    const outcomes: string[] = [];
    for (let index = 0; index < 100; index++) {
      const picture = path.join(folder, `damaged-${index}`);
      await writeFile(picture, damage(wholes[index % 3]!, index));
      outcomes.push(await outcome(detector.detect(picture)));
    }
    expect(new Set(outcomes)).toEqual(new Set(['works', 'IMAGE_UNREADABLE']));
    const whole = path.join(folder, 'whole.png');
    await writeFile(whole, wholes[1]);
    expect((await detector.detect(whole)).detections).toHaveLength(1);
  } finally {
    await detector.close();
  }
});
