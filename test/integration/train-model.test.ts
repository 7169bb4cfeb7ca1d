import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeRoundFile } from '../../src/activities/round-file.js';
import { Resources } from '../../src/activities/steps.js';
import { trainModel } from '../../src/activities/train-model.js';
import type { TrainingResult } from '../../src/activities/types.js';
import { sha256File } from '../../src/common/files.js';
import { loadConfig } from '../../src/config/index.js';
import { datasetStats, mergeIntoDataset } from '../../src/dataset/index.js';
import { writeCurrentModel } from '../../src/training/index.js';
import { tinyDetector, writeOnnxModel } from '../fixtures/onnx/writer.js';
import { temporaryFolder, until } from '../helpers/programs.js';
import { makeFrames } from './dataset/footage.js';

/** A training is long, and rounds that end meanwhile change the dataset and the model in use. */
let folder: string;
let remove: () => Promise<void>;
let resources: Resources;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('train-model'));
  resources = new Resources({ folder, env: { PATH: process.env.PATH } });
});
afterAll(async () => {
  await resources.close();
  await remove();
});

/** Says what the dataset is at its beginning and, when it is told to go on, at its end; its model is `narrow.onnx`. */
const trainer = `import fs from 'node:fs';
import path from 'node:path';
const dataset = process.env.FRAMELOOP_DATASET;
const say = () => console.log(process.env.FRAMELOOP_DATASET_VERSION,
  ['train', 'val'].map((side) => fs.readdirSync(path.join(dataset, 'images', side)).length).join(' '),
  fs.readFileSync(process.env.FRAMELOOP_MANIFEST, 'utf8').trim().split('\\n').length);
say();
while (!fs.existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20));
say();
fs.copyFileSync('narrow.onnx', process.env.FRAMELOOP_MODEL_OUTPUT);
`;

/** The frames' only box, 8,12 to 24,36 of 64 x 48, stands 8 rows lower in the network's input of 64 x 64. */
async function model(name: string, width: number): Promise<string> {
  const file = path.join(folder, name);
  const values = [16, 32, width, 24, 0.9].map((value, row) => [row, 7, value] as const);
  const metadata = { stride: '32', names: "{0: 'person'}", task: 'detect' };
  await writeOnnxModel(file, tinyDetector({ rows: 5, columns: 84, values, metadata }));
  return file;
}

it('gives the trainer a dataset that stands still, and measures its model against the one in use at the end', async () => {
  const config = await loadConfig({
    folder,
    overrides: { train: { command: [process.execPath, 'trainer.mjs'] }, dataset: { split: { val: 0.5 } } },
  });
  const dataset = config.paths.dataset;
  const merge = async (videoKeys: string[]) => {
    const videos = await Promise.all(videoKeys.map((key) => makeFrames(path.join(folder, 'frames'), key, 4)));
    return mergeIntoDataset({
      folder: dataset,
      names: ['person'],
      frames: videos.flat(),
      split: { val: 0.5, test: 0 },
    });
  };
  const { version } = await merge(['file-aa', 'file-bb']);
  await writeFile(path.join(folder, 'trainer.mjs'), trainer);
  // Boxes of a quarter or less of the width overlap too little to be hits.
  const [never, always] = [await model('never.onnx', 4), await model('always.onnx', 16)];
  await model('narrow.onnx', 6);
  const first = { file: never, sha256: await sha256File(never), names: ['person'] };
  const round = { roundId: 'round-1', folder: path.join(folder, 'data', 'rounds', 'round-1') };
  await mkdir(round.folder, { recursive: true });
  await writeRoundFile(round.folder, { roundId: round.roundId, taskName: 'task 1', config, model: first });

  const models = path.join(config.paths.data, 'models');
  const log = path.join(models, `${version}.log`);
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const training: Promise<TrainingResult> = environment.run(() =>
    trainModel(resources, { round, datasetVersion: version }),
  );
  const meanwhile = until(
    'the trainer at work',
    async () => existsSync(log) && (await readFile(log, 'utf8')) !== '',
  ).then(async () => {
    await merge(['file-cc']);
    await writeCurrentModel(models, {
      ...{ file: always, sha256: await sha256File(always), replaces: first.sha256 },
      ...{ datasetVersion: version, round: 'round-2' },
    });
    await writeFile(path.join(folder, 'go'), '');
  });
  const [result] = await Promise.all([training, meanwhile]);

  expect(await datasetStats(dataset)).toMatchObject({ frames: 12 });
  expect(await readFile(log, 'utf8')).toBe(`${version} 4 4 8\n${version} 4 4 8\n`);
  // It would have passed against the model that was in use when the training began: both find nothing.
  const reason: unknown = expect.stringMatching(/^not taken: mAP50 0\.000 against 1\.000 on 4 val frames/);
  expect(result).toMatchObject({ accepted: false, newScore: 0, currentScore: 1, reason });
  const current = await readFile(path.join(models, 'current.json'), 'utf8');
  expect(JSON.parse(current)).toMatchObject({ file: always, round: 'round-2' });
});
