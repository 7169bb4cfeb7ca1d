import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDataset } from '../../demo/write-dataset.js';
import { CLASSES } from '../../demo/world/scene.js';
import { trainingEnvironment } from '../../models/training/environment.js';
import { projectRoot } from '../../src/tools/index.js';
import { runCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/programs.js';

const trainer = path.join(projectRoot(), 'models', 'training');
const trainPy = path.join(trainer, 'train.py');
const unitTests = ['-m', 'unittest', 'discover', '-s', path.join(trainer, 'tests')];

describe('the trainer without its packages', () => {
  it('reads any YOLO dataset by the standard library alone', async ({ skip }) => {
    const { failed, exitCode, stderr } = await execa('python3', unitTests, { reject: false });
    if (failed && exitCode === undefined) skip('python3 cannot be started: the trainer is not tested');
    expect(stderr).toMatch(/^OK/m);
    expect(exitCode).toBe(0);
  });
});

/** Installs 2.5 GB and trains for minutes: only where it is asked for. */
describe.runIf(process.env.FRAMELOOP_TEST_TRAINING === '1')('training from a clean environment', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let python: string;
  let dataset: string;
  let model: string;

  beforeAll(async () => {
    ({ folder, remove } = await temporaryFolder('training'));
    dataset = path.join(folder, 'dataset');
    model = path.join(folder, 'model.onnx');
    python = await trainingEnvironment(path.join(folder, 'venv'));
    await writeDataset(dataset, { sides: { train: 150, val: 50 }, league: 'daylight', seed: 5, negatives: 0.15 });
  }, 1_800_000);
  afterAll(() => remove());

  const train = (environment: Record<string, string>, ...options: string[]) =>
    execa(python, [trainPy, ...options], { env: environment, reject: false });

  it('its parts compute what papers and hand computations say', async () => {
    const { stderr } = await execa(python, unitTests, { reject: false });
    expect(stderr).toMatch(/^OK$/m);
  });

  it('as train.command, writes a model that detect runs with its class names and no option', async () => {
    const metrics = path.join(folder, 'metrics.json');
    const { exitCode, stdout, stderr } = await train(
      { FRAMELOOP_DATASET: dataset, FRAMELOOP_MODEL_OUTPUT: model },
      ...['--epochs', '14', '--metrics', metrics],
    );
    expect(stderr).toMatch(/epoch 14\/14 loss \d/);
    expect(exitCode).toBe(0);
    const measured = JSON.parse(stdout) as { mAP50: number; classes: Record<string, { mAP50: number | null }> };
    expect(JSON.parse(await readFile(metrics, 'utf8'))).toEqual(measured);
    expect(Object.keys(measured.classes)).toEqual([...CLASSES]);
    expect(measured.classes.player?.mAP50).toBeGreaterThan(0.3);

    const pictures = path.join(dataset, 'images', 'val');
    const files = (await readdir(pictures)).slice(0, 10).map((name) => path.join(pictures, name));
    const detected = await runCli(['detect', '--model', model, '--json', ...files], { cwd: folder });
    expect(detected.stderr).not.toMatch(/error/);
    expect(detected.exitCode).toBe(0);
    const labels = detected.stdout
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => (JSON.parse(line) as { boxes: { label: string }[] }).boxes.map(({ label }) => label));
    expect(labels).toContain('player');
    expect(new Set([...labels, ...CLASSES]).size).toBe(CLASSES.length);
  }, 1_800_000);

  it('gives the same metrics for the same seed, and others for another', async () => {
    const run = async (seed: number): Promise<string> => {
      const options = ['--data', path.join(dataset, 'data.yaml'), '--output', path.join(folder, 'again.onnx')];
      const { stdout } = await train({}, ...options, '--epochs', '2', '--seed', String(seed));
      return stdout.replace(/"seconds": \d+/, '');
    };
    const first = await run(1);
    expect(first).toContain('"mAP50"');
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
  }, 1_800_000);

  it('names a picture that is damaged, and leaves the model as it was', async () => {
    const before = await readFile(model);
    const [name = ''] = await readdir(path.join(dataset, 'images', 'train'));
    await writeFile(path.join(dataset, 'images', 'train', name), 'not a picture');
    const { exitCode, stderr } = await train({ FRAMELOOP_DATASET: dataset, FRAMELOOP_MODEL_OUTPUT: model });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`^error: .*${name} is not a readable picture`, 'm'));
    expect(await readFile(model)).toEqual(before);
  });
});
