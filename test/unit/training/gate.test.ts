import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/common/files.js';
import { judge, readCurrentModel, writeCurrentModel } from '../../../src/training/index.js';

const at = (x: number, label: string) => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });
const truth = [at(0, 'player'), at(50, 'player'), at(90, 'ball')];
/** A frame with these of the objects found. */
const found = (...objects: number[]) => [
  { truth, detections: objects.map((index) => ({ ...(truth[index] ?? at(300, 'player')), confidence: 0.9 })) },
];

describe('a trained model', () => {
  // By hand: with one of two players found, recall 0 … 0.50 has precision 1: 51/101 = 0.505; the mean with ball 1: 0.752.
  it.each([
    {
      case: 'that is better is taken',
      frames: { new: found(0, 1, 2), current: found(0, 2) },
      expected: { accepted: true, reason: 'taken: mAP50 1.000 against 0.752 on 1 test frames' },
    },
    {
      case: 'that is as good is taken',
      frames: { new: found(0, 2), current: found(1, 2) },
      expected: { accepted: true, reason: 'taken: mAP50 0.752 against 0.752 on 1 test frames' },
    },
    {
      case: 'that is worse is not, with the class that lost most',
      frames: { new: found(0, 1), current: found(0, 2) },
      expected: {
        accepted: false,
        reason: 'not taken: mAP50 0.500 against 0.752 on 1 test frames; ball fell from 1.000 to 0.000',
      },
    },
    {
      case: 'is not taken where there is nothing to measure it on',
      frames: { new: [], current: [] },
      expected: {
        accepted: false,
        reason: 'not taken: there is no labelled frame outside the training videos to compare the models on',
      },
    },
  ])('$case', ({ frames, expected }) => {
    expect(judge(['player', 'ball', 'referee'], frames, 'test')).toMatchObject(expected);
  });
});

describe('the model in use', () => {
  let folder: string;
  let file: string;
  const record = () => ({ file, sha256: sha256('new'), replaces: 'configured', datasetVersion: 'v1', round: 'r1' });
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'frameloop-models-'));
    file = path.join(folder, 'v1.onnx');
    await writeFile(file, 'new');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is the configured one until another was taken', async () => {
    expect(await readCurrentModel(folder, 'configured')).toBeUndefined();
  });

  it('is the one that was taken', async () => {
    await writeCurrentModel(folder, record());
    expect(await readCurrentModel(folder, 'configured')).toEqual(record());
  });

  it('is the configured one again when the user configures another', async () => {
    expect(await readCurrentModel(folder, 'another')).toBeUndefined();
  });

  it.each([
    { case: 'the model was changed', damage: () => writeFile(file, 'changed') },
    { case: 'the model is gone', damage: () => rm(file, { force: true }) },
    { case: 'the record cannot be read', damage: () => writeFile(path.join(folder, 'current.json'), '{') },
  ])('is not guessed when $case', async ({ damage }) => {
    await damage();
    await expect(readCurrentModel(folder, 'configured')).rejects.toMatchObject({ code: 'MODEL_REGISTRY_DAMAGED' });
  });
});
