import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trainModel, type TrainRequest } from '../../../src/training/train.js';
import { until } from '../../helpers/programs.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-train-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Trains with a Node script in the place of a trainer: what matters here is how it is run, not what it learns. */
function train(script: string, request: Partial<TrainRequest> = {}): Promise<void> {
  return trainModel({
    command: [process.execPath, '--input-type=module', '-e', script],
    folder,
    env: { PATH: process.env.PATH },
    dataset: path.join(folder, 'dataset'),
    datasetVersion: 'abc',
    currentModel: '/models/current.onnx',
    output: path.join(folder, 'models', 'abc.onnx'),
    logFile: path.join(folder, 'models', 'abc.log'),
    timeoutSeconds: 60,
    ...request,
  });
}

const model = () => readFile(path.join(folder, 'models', 'abc.onnx'), 'utf8');
const log = () => readFile(path.join(folder, 'models', 'abc.log'), 'utf8');
const left = () => readdir(path.join(folder, 'models'));
const writes = (text: string) =>
  `import fs from 'node:fs'; fs.writeFileSync(process.env.FRAMELOOP_MODEL_OUTPUT, ${text});`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the train command', () => {
  it('finds everything it needs in its environment, and its model is kept', async () => {
    await train(
      writes(`JSON.stringify([process.cwd(), ...['DATASET', 'MANIFEST', 'DATASET_VERSION', 'MODEL'].map((name) =>
        process.env['FRAMELOOP_' + name])])`),
    );
    expect(JSON.parse(await model())).toEqual([
      folder,
      path.join(folder, 'dataset'),
      path.join(folder, 'dataset', 'manifest.jsonl'),
      'abc',
      '/models/current.onnx',
    ]);
    expect(await left()).toEqual(['abc.log', 'abc.onnx']);
  });

  it('gets a file name that says what to write', async () => {
    await train(writes('process.env.FRAMELOOP_MODEL_OUTPUT'));
    expect(await model()).toMatch(/\.onnx$/);
  });

  it('may be written as a text, with `\\ ` for a space within an argument', async () => {
    const script = path.join(folder, 'my trainer.mjs');
    await writeFile(script, writes(`process.argv[2]`));
    await train('', { command: `${process.execPath} ${script.replaceAll(' ', '\\ ')} --epochs=3` });
    expect(await model()).toBe('--epochs=3');
  });

  it('is not run again where its model is there already', async () => {
    await train(writes('"first"'));
    await train(writes('"second"'));
    expect(await model()).toBe('first');
  });

  it('leaves what it prints in a file', async () => {
    await train(`console.log('epoch 1'); console.error('loss 0.5'); ${writes('"x"')}`);
    expect((await log()).split('\n').sort()).toEqual(['', 'epoch 1', 'loss 0.5']);
  });

  it.each([
    {
      case: 'ends with an error',
      script: `${writes('"half"')} console.error('CUDA out of memory'); process.exit(3);`,
      error: { code: 'TRAINING_FAILED', message: 'The training command ended with code 3: CUDA out of memory' },
    },
    {
      case: 'is killed',
      script: `process.kill(process.pid, 'SIGKILL');`,
      error: { code: 'TRAINING_FAILED', message: 'The training command was ended by SIGKILL: it printed nothing.' },
    },
    { case: 'writes no model', script: '', error: { code: 'TRAINING_NO_MODEL' } },
    { case: 'writes an empty model', script: writes('""'), error: { code: 'TRAINING_NO_MODEL' } },
  ])('says so when it $case, and keeps no half model', async ({ script, error }) => {
    await expect(train(script)).rejects.toMatchObject({ ...error, retryable: false });
    expect(await left()).toEqual(['abc.log']);
  });

  it.each(['no-such-trainer --fast', '', '   '])('says so when "%s" is no program', async (command) => {
    await expect(train('', { command })).rejects.toMatchObject({ code: 'TRAIN_COMMAND_NOT_FOUND' });
  });

  it('is ended with all that it started when its time is over', async () => {
    const script = `${writes('"half"')} setInterval(() => {}, 1000);`;
    await expect(train(script, { timeoutSeconds: 1 })).rejects.toMatchObject({ code: 'TRAINING_TIMED_OUT' });
    expect(await left()).toEqual(['abc.log']);
  });

  it('is ended with all that it started when the round is cancelled', async () => {
    const controller = new AbortController();
    const script = `import { spawn } from 'node:child_process';
      const child = spawn('sleep', ['300']); console.log('child', child.pid); setInterval(() => {}, 1000);`;
    const training = train(script, { signal: controller.signal });
    training.catch(() => undefined);
    const pid = await until('the trainer to run', async () => /child (\d+)/.exec(await log().catch(() => ''))?.[1]);
    controller.abort(new Error('cancelled'));
    await expect(training).rejects.toThrow('cancelled');
    await until('the end of what it started', () => Promise.resolve(!isAlive(Number(pid))));
  });
});
