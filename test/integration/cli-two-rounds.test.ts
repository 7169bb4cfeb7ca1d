import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJsonLines, sha256File } from '../../src/common/files.js';
import type { Candidate, SelectedFrame } from '../../src/common/types.js';
import { reviewTask } from '../../src/demo/index.js';
import { bitsApart } from '../unit/selection/candidates.js';
import { cutClip, demoModel, makeFolder, startUp, untilStatus, untilWaiting, type Up } from '../helpers/cli.js';
import { tinyDetector, writeOnnxModel } from '../fixtures/onnx/writer.js';

/** Takes the place of a trainer: gives the model whose path is in the file `next`. */
const trainer = `import fs from 'node:fs';
const yaml = fs.readFileSync(process.env.FRAMELOOP_DATASET + '/data.yaml', 'utf8');
console.log('dataset', process.env.FRAMELOOP_DATASET_VERSION, yaml.includes('train: images/train'));
console.log('secrets', Object.keys(process.env).filter((name) => /^(CVAT|TEMPORAL)_/.test(name)).length);
fs.copyFileSync(fs.readFileSync('next', 'utf8'), process.env.FRAMELOOP_MODEL_OUTPUT);
`;

/** The class that people correct: every box of it is wrong to them, and everything else is right. */
const difficult = 'ball';
const budget = 8;
/** Seconds; a round with as much to do takes ten where nothing else is at work. */
const patience = 240;

interface Result {
  roundId: string;
  frames: { selected: number; rejected: { reason: string; count: number }[] };
  dataset: { version: string; frames: number; bySplit: { val: number } };
  training: { model: string; sha256: string; accepted: boolean; reason: string; newScore: number };
}

let up: Up;
let blind: string;

beforeAll(async () => {
  up = await startUp({
    name: 'two-rounds',
    config: {
      sources: { files: ['videos'] },
      video: { framerate: 1 },
      selection: {
        ...{ budget, control: 0.25, blind: 0, explore: 0, diversity: 'none' },
        // So that the test sees a clear difference; the default is as gentle as in the paper.
        ...{ aggregate: 'max', scores: { difficulty: 10, rarity: 0 } },
      },
      cvat: { poll: '1s', settle: '0.2s' },
      dataset: { split: { val: 0.5 } },
      train: { command: [process.execPath, 'trainer.mjs'] },
    },
    prepare: async (folder) => {
      await makeFolder(folder, 'videos');
      await cutClip(path.join(folder, 'videos', '1.mp4'), 'day', 29, 8);
      await cutClip(path.join(folder, 'videos', '2.mp4'), 'mixed', 33, 6);
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

const fileOf = (id: string, name: string) => path.join(up.dataFolder, 'rounds', id, name);
const isDifficult = ({ label }: { label: string }) => label === difficult;

/** A round whose people delete every box of the difficult class. */
async function round(id: string): Promise<Result & { sent: SelectedFrame[] }> {
  await up.json('start', '--id', id);
  const taskId = await untilWaiting(up, id, patience);
  const sent = await readJsonLines<SelectedFrame>(fileOf(id, 'selection.jsonl'));
  const truth = new Map(
    sent.map(({ frameId, detections }) => [`${frameId}.jpg`, detections.filter((box) => !isDifficult(box))]),
  );
  await reviewTask(await up.cvat(), taskId, (name) => truth.get(name));
  const { result } = await untilStatus(up, id, 'over', ({ state }) => state !== 'RUNNING', patience);
  return { ...(result as Result), sent };
}

describe('two rounds through the whole system', () => {
  let first: Awaited<ReturnType<typeof round>>;
  let second: Awaited<ReturnType<typeof round>>;

  it('train a model when the dataset has grown, and take one that is not worse', async () => {
    first = await round('t1');
    const { training, dataset, sent } = first;
    expect(sent).toHaveLength(budget);
    expect(sent.every(({ scores }) => scores?.difficulty === 0)).toBe(true);
    expect(dataset.bySplit.val).toBeGreaterThan(0);
    // The reviewer accepted the model's other boxes, and the new model is a copy of it: both are good here.
    expect(training).toMatchObject({ accepted: true, sha256: await sha256File(demoModel) });
    expect(training.newScore).toBeGreaterThan(0.5);
    expect(training.reason).toMatch(/^taken: mAP50 ([01]\.\d\d\d) against \1 on \d+ val frames$/);
    expect(training.model).toBe(path.join(up.dataFolder, 'models', `${dataset.version}.onnx`));
    const log = await readFile(path.join(up.dataFolder, 'models', `${dataset.version}.log`), 'utf8');
    expect(log).toBe(`dataset ${dataset.version} true\nsecrets 0\n`);
  }, 500_000);

  it('do not put a worse model in the place of a better one', async () => {
    await cutClip(path.join(up.folder, 'videos', '3.mp4'), 'mixed', 40, 8);
    await cutClip(path.join(up.folder, 'videos', '5.mp4'), 'night', 0, 8);
    // Another file, but its first pictures are those of the first video.
    await cutClip(path.join(up.folder, 'videos', '4.mp4'), 'day', 29, 5);
    await writeFile(path.join(up.folder, 'next'), blind);
    second = await round('t2');
    const { training, roundId } = second;
    expect(training).toMatchObject({ accepted: false, newScore: 0 });
    expect(training.reason).toMatch(/^not taken: mAP50 0\.000 against (0\.[5-9]\d\d|1\.000) on/);

    const plan = await readFile(fileOf(roundId, 'round.json'), 'utf8');
    // The second round ran the model that the first one trained, and the third will too.
    expect((JSON.parse(plan) as { model: { file: string } }).model.file).toBe(first.training.model);
    const current = await readFile(path.join(up.dataFolder, 'models', 'current.json'), 'utf8');
    expect(JSON.parse(current)).toMatchObject({ file: first.training.model, round: first.roundId });
  }, 500_000);

  it('ask nothing twice, not even a picture that comes again in another file', () => {
    expect(second.sent).toHaveLength(budget);
    for (const frame of second.sent) {
      for (const before of first.sent) {
        expect(bitsApart(frame.perceptualHash, before.perceptualHash)).toBeGreaterThanOrEqual(4);
      }
    }
    const again = second.frames.rejected.find(({ reason }) => reason === 'near duplicate of a labelled frame');
    expect(again?.count).toBeGreaterThanOrEqual(1);
  });

  it('prefer in the second what people had to correct in the first, and say so', async () => {
    const showsIt = ({ detections }: Candidate) => detections.some(isDifficult);
    const chosen = second.sent.filter(({ arm }) => arm === 'chosen');
    expect(chosen).toHaveLength(6);
    expect(chosen.filter(showsIt)).toHaveLength(6);
    for (const { reason } of chosen) expect(reason).toMatch(/often corrected .*ball|ball.* often had to be corrected/);

    // There were others that the model was no less unsure of, only not of a ball.
    const sent = new Set(second.sent.map(({ frameId }) => frameId));
    const passedOver = (await readJsonLines<Candidate>(fileOf('t2', 'candidates.jsonl'))).filter(
      (frame) =>
        !sent.has(frame.frameId) &&
        !showsIt(frame) &&
        frame.detections.some(({ confidence }) => Math.abs(confidence - 0.5) < 0.1),
    );
    expect(passedOver.length).toBeGreaterThanOrEqual(1);
  });

  it('leave a dataset that validates, counts, and tells its two versions apart', async () => {
    const [before, after] = [first.dataset, second.dataset];
    expect(await up.json('dataset', 'validate')).toMatchObject({ ok: true, problems: [], frames: after.frames });
    const stats = await up.run('dataset', 'stats');
    expect(stats.stdout).toContain(`version ${after.version}`);
    expect(stats.stdout).toContain('leak check: no picture lies on two sides');
    const diff = await up.json<{ added: string[]; removed: string[]; changed: object[] }>(
      ...['dataset', 'diff', before.version, after.version.slice(0, 6)],
    );
    expect(diff).toMatchObject({ removed: [], changed: [] });
    expect(diff.added).toHaveLength(after.frames - before.frames);
    const sent = second.sent.map(({ frameId }) => frameId);
    expect(diff.added.filter((frameId) => !sent.includes(frameId))).toEqual([]);
  });

  it('show the trend in the report', async () => {
    const report = await readFile(fileOf('t2', 'report.html'), 'utf8');
    expect(report).toContain('Does it get better?');
    expect(report).toMatch(/F1 changed by [+−]\d\.\d\d since the round before/);
    expect(report).toMatch(/>taken from videos<.*>candidates<.*>in the dataset</s);
    expect(report).toMatch(/files and addresses<\/th><td class="number">3<\/td><td class="number">0\.\d<\/td>/);
  });
});
