/**
 * Makes the bundled model from nothing: `npx tsx models/train-demo-model.ts [--out FILE.onnx] [--metrics FILE.json]`.
 * Makes the trainer's Python environment, films matches of the daylight league, trains, and measures the model on other
 * matches of both leagues. The same seeds give the same pictures and, on one kind of processor, the same model.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/common/files.js';
import { writeDataset } from '../demo/write-dataset.js';
import { runTrainer, trainingEnvironment } from './training/environment.js';

const NEGATIVES = 0.15;
const DAYLIGHT = { sides: { train: 800, val: 160 }, league: 'daylight', seed: 11, negatives: NEGATIVES } as const;
const FLOODLIT = { sides: { train: 0, val: 160 }, league: 'floodlit', seed: 12, negatives: NEGATIVES } as const;
const TRAINING = ['--epochs', '25', '--seed', '0'];

const here = fileURLToPath(new URL('.', import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: path.join(here, 'demo.onnx') },
    metrics: { type: 'string' },
  },
});

const python = await trainingEnvironment(path.join(here, 'training', '.venv'));
const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-demo-model-'));
try {
  const [daylight, floodlit] = ['daylight', 'floodlit'].map((league) => path.join(folder, league)) as [string, string];
  for (const [where, dataset] of [[daylight, DAYLIGHT] as const, [floodlit, FLOODLIT] as const]) {
    process.stderr.write(`filming the ${dataset.league} league\n`);
    await writeDataset(where, dataset);
  }
  const model = path.resolve(values.out);
  const data = (dataset: string): string[] => ['--data', path.join(dataset, 'data.yaml')];
  const metrics = {
    daylight: await runTrainer(python, 'train', [...data(daylight), '--output', model, ...TRAINING]),
    floodlit: await runTrainer(python, 'evaluate', [...data(floodlit), '--model', model]),
  };
  const text = `${JSON.stringify(metrics, null, 2)}\n`;
  if (values.metrics !== undefined) await writeFileAtomic(path.resolve(values.metrics), text);
  process.stdout.write(text);
} finally {
  await rm(folder, { recursive: true, force: true });
}
