import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readJsonLines } from '../../src/common/files.js';
import type { Candidate } from '../../src/common/types.js';
import { validateDataset } from '../../src/dataset/index.js';
import { projectRoot } from '../../src/tools/index.js';
import { cocoNames } from '../fixtures/coco-names.js';
import { completeJobs, startUp, untilWaiting, type Up } from '../helpers/cli.js';

const shared = path.resolve(projectRoot(), '..', 'shared');
const clip = path.join(shared, 'clips', 'one-by-one-person-detection.mp4');
const model = path.join(shared, 'models', 'yolox_nano_416_coco.onnx');
const present = existsSync(clip) && existsSync(model);
if (!present) console.warn(`Skipped: the real clip and model are not here (${clip}, ${model}).`);

/**
 * The 28 frames at 0, 5, … 135 s as a person sees them (768×432): where the middle of the person is from left to right,
 * `none` where nobody is, `edge` where only a shoe is still in the picture. Written down while looking at the frames.
 */
const seen = [
  ...['none', 'none', 450, 453, 'none', 474, 464, 460, 460, 'none'],
  ...['none', 484, 484, 491, 'edge', 298, 432, 474, 'none', 460],
  ...[464, 457, 460, 457, 'edge', 446, 450, 661],
] as const;
/** How exactly one can tell the middle from a small picture. */
const middleTolerance = 45;

/**
 * The person's box by an independent implementation (numpy, the published YOLOX demo's rules) on the same frames as PNG:
 * confidence, x1, y1, x2, y2. The round uses JPEG, hence the tolerances; its boxes end at the picture's edge.
 */
const reference = new Map([
  [60, [0.8641, 408.8, 0, 561.7, 398.8]],
  [75, [0.8806, 202.8, 188.5, 407.3, 432]],
  [110, [0.8898, 386.6, 11.8, 525.0, 386.7]],
]);

interface Result {
  roundId: string;
  state: string;
  videos: object;
  frames: { sampled: number; withDetections: number; selected: number };
  task: { preLabels: number };
  review: { reviewed: number; empty: number; changes: object };
  dataset: { frames: number; boxes: number; folder: string };
}

describe.skipIf(!present)('the whole loop on a real clip with a real model', () => {
  let up: Up;
  let result: Result;
  let candidates: Candidate[];

  beforeAll(async () => {
    up = await startUp({
      name: 'real-clip',
      config: {
        sources: { files: [clip] },
        video: { framerate: 5 },
        detector: { labels: cocoNames },
        cvat: { poll: '1s', settle: '0.2s' },
      },
      env: { MODEL_PATH: model },
    });
    const round = up.json<Result>('start', '--wait', '--id', 'real');
    const review = untilWaiting(up, 'real').then(async (taskId) => completeJobs(await up.cvat(), taskId));
    [result] = await Promise.all([round, review]);
    const folder = path.join(up.dataFolder, 'rounds', result.roundId, 'candidates');
    const [{ videoKey = '' } = {}] = await readJsonLines<{ videoKey: string }>(
      path.join(up.dataFolder, 'dataset', 'manifest.jsonl'),
    );
    candidates = await readJsonLines<Candidate>(path.join(folder, `${videoKey}.jsonl`));
  });
  afterAll(() => up.stop());

  const person = (candidate: Candidate | undefined) => candidate?.detections.find(({ label }) => label === 'person');

  it('takes 28 frames, at 0, 5, … 135 seconds', () => {
    expect(result).toMatchObject({ state: 'finished', videos: { found: 1, processed: 1, failed: [], skipped: [] } });
    expect(candidates.map(({ ptsSeconds }) => ptsSeconds)).toEqual(Array.from({ length: 28 }, (_, index) => index * 5));
    expect(result.frames).toMatchObject({ sampled: 28, selected: 28 });
  });

  it('finds a person where one is, and nobody where nobody is', () => {
    const wrong = seen.flatMap((expected, index) => {
      const box = person(candidates[index]);
      const clear = box && box.confidence >= 0.5 ? box : undefined;
      const middle = clear && (clear.x1 + clear.x2) / 2;
      const right =
        typeof expected === 'number'
          ? middle !== undefined && Math.abs(middle - expected) <= middleTolerance
          : expected === 'edge' || clear === undefined;
      return right ? [] : [{ second: index * 5, expected, box }];
    });
    expect(wrong).toEqual([]);
  });

  it('draws the boxes where an independent implementation draws them', () => {
    for (const [second, [confidence = 0, ...corners]] of reference) {
      const box = person(candidates[second / 5]);
      expect(Math.abs((box?.confidence ?? 0) - confidence)).toBeLessThanOrEqual(0.03);
      [box?.x1, box?.y1, box?.x2, box?.y2].forEach((value = NaN, index) => {
        expect(Math.abs(value - (corners[index] ?? NaN))).toBeLessThanOrEqual(4);
      });
    }
  });

  it('keeps every box inside the picture', () => {
    for (const { width, height, detections } of candidates) {
      expect({ width, height }).toEqual({ width: 768, height: 432 });
      for (const { x1, y1, x2, y2 } of detections) {
        expect(0 <= x1 && x1 < x2 && x2 <= width && 0 <= y1 && y1 < y2 && y2 <= height).toBe(true);
      }
    }
  });

  it('ends with a valid dataset of the frames in which something was accepted', async () => {
    const validation = await validateDataset(result.dataset.folder);
    expect(validation).toMatchObject({ ok: true, problems: [] });
    // The reviewer accepts everything: nothing is moved, and the frames without boxes are cleared away.
    expect(result.review.changes).toMatchObject({ moved: 0, relabelled: 0, deleted: 0, added: 0 });
    expect(result.review.reviewed + result.review.empty).toBe(28);
    expect(validation.frames).toBe(result.review.reviewed);
    expect(validation.frames).toBe(result.frames.withDetections);
    expect(validation.boxes).toBe(result.task.preLabels);
    expect(validation.frames).toBeGreaterThanOrEqual(seen.filter((each) => typeof each === 'number').length);
    const data = parse(await readFile(path.join(result.dataset.folder, 'data.yaml'), 'utf8')) as { names: object };
    expect(Object.values(data.names)).toEqual(cocoNames);
  });
});
