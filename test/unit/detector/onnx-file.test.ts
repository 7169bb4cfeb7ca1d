import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxModel } from '../../fixtures/onnx/onnx-writer.js';
import { PipelineError } from '../../../src/common/errors.js';
import { namesFromMetadata } from '../../../src/detector/class-names.js';
import { readOnnxMetadata } from '../../../src/detector/onnx-file.js';
import { tinyDetector } from '../../fixtures/onnx/writer.js';

let folder: string;

beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'frameloop-onnx-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const metadata = { names: `{0: 'é', 1: "b's"}`, imgsz: '[256, 448]', empty: '' };
const model = onnxModel(tinyDetector({ rows: 6, columns: 84, values: [], metadata }));

describe('the metadata of an ONNX file', () => {
  it('comes out as it went in', async () => {
    const file = path.join(folder, 'whole.onnx');
    await writeFile(file, model);
    expect(await readOnnxMetadata(file)).toEqual(metadata);
  });

  it('of any damaged file is either read or refused in plain words', async () => {
    const file = path.join(folder, 'damaged.onnx');
    const damage = fc.record({
      at: fc.integer({ min: 0, max: model.length - 1 }),
      bit: fc.integer({ min: 0, max: 7 }),
      length: fc.integer({ min: 0, max: model.length }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, bit, length }) => {
        const bytes = model.slice(0, length);
        if (at < length) bytes[at]! ^= 1 << bit;
        await writeFile(file, bytes);
        const outcome = await readOnnxMetadata(file).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(PipelineError);
          expect(outcome).toMatchObject({ code: 'MODEL_NOT_ONNX' });
        }
      }),
    );
  });
});

describe('class names', () => {
  it.each([
    ["{0: 'a', 2: 'c'}", ['a', 'class1', 'c']],
    ["['a', 'b']", ['a', 'b']],
    ["{'x': 'a'}", undefined],
    ['{}', undefined],
    ['person,car', undefined],
    ["{99999999: 'a'}", undefined],
  ])('%s', (names, expected) => expect(namesFromMetadata({ names })).toEqual(expected));

  it('are not there without the key', () => expect(namesFromMetadata({})).toBeUndefined());
});
