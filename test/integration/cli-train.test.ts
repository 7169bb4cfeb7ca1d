import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256File } from '../../src/common/files.js';
import { completeJobs, cutClip, demoModel, makeFolder, startUp, untilWaiting, type Up } from '../helpers/cli.js';
import { tinyDetector, writeOnnxModel } from '../fixtures/onnx/writer.js';

/** Takes the place of a trainer: gives the model whose path is in the file `next`. */
const trainer = `import fs from 'node:fs';
const yaml = fs.readFileSync(process.env.FRAMELOOP_DATASET + '/data.yaml', 'utf8');
console.log('dataset', process.env.FRAMELOOP_DATASET_VERSION, yaml.includes('train: images/train'));
console.log('secrets', Object.keys(process.env).filter((name) => /^(CVAT|TEMPORAL)_/.test(name)).length);
fs.copyFileSync(fs.readFileSync('next', 'utf8'), process.env.FRAMELOOP_MODEL_OUTPUT);
`;

interface Result {
  roundId: string;
  dataset: { version: string; bySplit: { val: number } };
  training: { model: string; sha256: string; accepted: boolean; reason: string; newScore: number };
}

let up: Up;
let blind: string;

beforeAll(async () => {
  up = await startUp({
    name: 'train',
    config: {
      sources: { files: ['videos'] },
      video: { framerate: 2 },
      cvat: { poll: '1s', settle: '0.2s' },
      dataset: { split: { val: 0.5 } },
      train: { command: [process.execPath, 'trainer.mjs'] },
    },
    prepare: async (folder) => {
      await makeFolder(folder, 'videos');
      await cutClip(path.join(folder, 'videos', '1.mp4'), 'day', 0, 6);
      await cutClip(path.join(folder, 'videos', '2.mp4'), 'night', 0, 6);
      await writeFile(path.join(folder, 'trainer.mjs'), trainer);
      // A model that never sees anything.
      blind = path.join(folder, 'blind.onnx');
      await writeOnnxModel(blind, tinyDetector({ rows: 7, columns: 100, values: [] }));
      await copyFile(demoModel, path.join(folder, 'copy.onnx'));
      await writeFile(path.join(folder, 'next'), path.join(folder, 'copy.onnx'));
    },
  });
});
afterAll(() => up.stop());

async function round(id: string): Promise<Result> {
  const result = up.json<Result>('start', '--wait', '--id', id);
  await completeJobs(await up.cvat(), await untilWaiting(up, id));
  return result;
}

describe('a configured train command', () => {
  let first: Result;

  it('runs when the dataset has grown, and a model that is not worse is taken', async () => {
    first = await round('t1');
    const { training, dataset } = first;
    expect(dataset.bySplit.val).toBeGreaterThan(0);
    // The reviewer accepted every box of the model, and the new model is a copy of it: both are as good as perfect here.
    expect(training).toMatchObject({ accepted: true, sha256: await sha256File(demoModel) });
    expect(training.newScore).toBeGreaterThan(0.9);
    expect(training.reason).toMatch(/^taken: mAP50 (0\.9\d\d|1\.000) against \1 on \d+ val frames$/);
    expect(training.model).toBe(path.join(up.dataFolder, 'models', `${dataset.version}.onnx`));
    const log = await readFile(path.join(up.dataFolder, 'models', `${dataset.version}.log`), 'utf8');
    expect(log).toBe(`dataset ${dataset.version} true\nsecrets 0\n`);
  });

  it('does not put a worse model in the place of a better one', async () => {
    await cutClip(path.join(up.folder, 'videos', '3.mp4'), 'mixed', 0, 6);
    await writeFile(path.join(up.folder, 'next'), blind);
    const { training, roundId } = await round('t2');
    expect(training).toMatchObject({ accepted: false, newScore: 0 });
    expect(training.reason).toMatch(/^not taken: mAP50 0\.000 against (0\.9\d\d|1\.000) on/);

    const plan = await readFile(path.join(up.dataFolder, 'rounds', roundId, 'round.json'), 'utf8');
    // The second round ran the model that the first one trained, and the third will too.
    expect((JSON.parse(plan) as { model: { file: string } }).model.file).toBe(first.training.model);
    const current = await readFile(path.join(up.dataFolder, 'models', 'current.json'), 'utf8');
    expect(JSON.parse(current)).toMatchObject({ file: first.training.model, round: first.roundId });

    const report = await readFile(path.join(up.dataFolder, 'rounds', roundId, 'report.html'), 'utf8');
    expect(report).toMatch(/F1 changed by [+−]\d\.\d\d since the round before/);
    expect(report).toMatch(/>taken from videos<.*>candidates<.*>in the dataset</s);
    // One video of 6 seconds, which only its file says.
    expect(report).toMatch(/files and addresses<\/th><td class="number">1<\/td><td class="number">0\.1<\/td>/);
  });
});
