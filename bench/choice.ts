/**
 * What there is to correct in the frames that each way of choosing sends to people, on the bundled clips, whose truth is
 * known: frames by chance, those with the highest scores, and those that are unlike each other too. One frame of little
 * footage says little; what matters is which way is ahead, and by how much.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { mapAhead } from '../src/common/map-ahead.js';
import type { Candidate } from '../src/common/types.js';
import { compareWithPreLabels } from '../src/dataset/index.js';
import { bundledClips, loadClipTruth } from '../src/demo/index.js';
import { createDetector } from '../src/detector/index.js';
import { Selector, type SelectionSettings } from '../src/selection/index.js';
import { spaceOf, toPicture } from '../src/selection/picture-space.js';
import { projectRoot } from '../src/tools/index.js';
import { hasVideoExtension, probeVideo, sampleFrames, videoKeyOfFile } from '../src/video/index.js';
import { withFolder } from './support/folder.js';

export const description =
  'what there is to correct in chosen frames, against frames by chance [--every S] [--budget N]';

/** Where chance has a part: the mean of so many draws. */
const draws = 30;

/** All of the budget goes to one arm, so that the ways can be compared. */
const alone = { strategy: 'uncertainty', control: 0, explore: 0 } as const;
const ways: [name: string, settings: Omit<SelectionSettings, 'budget'>, draws: number][] = [
  ['by chance', { ...alone, control: 1 }, draws],
  ['highest score', { ...alone, diversity: 'none' }, 1],
  ['k_center', { ...alone, diversity: 'k_center' }, 1],
  ['k_means', { ...alone, diversity: 'k_means' }, draws],
];

/** A candidate, and how many of its boxes a person would have to delete, add or give another class. */
interface Known {
  candidate: Candidate;
  changes: number;
}

export async function run(args: string[]): Promise<void> {
  const options = { every: { type: 'string', default: '1.2' }, budget: { type: 'string', default: '24' } } as const;
  const { values } = parseArgs({ args, options });
  const budget = Number(values.budget);
  const videos = await withFolder((folder) => takeCandidates(folder, Number(values.every)));
  const frames = videos.flat();
  const toChange = frames.filter(({ changes }) => changes > 0);
  const pictures = new Map(frames.map(({ candidate }) => [candidate.frameId, toPicture(candidate)]));
  const space = spaceOf([...pictures.values()]);
  console.log(`${budget} of ${frames.length} frames, of which ${toChange.length} have something to correct\n`);
  console.log(`${''.padEnd(16)}changes per frame   frames without any   distance of what needs changes`);
  for (const [name, settings, times] of ways) {
    const sum = { changes: 0, without: 0, distance: 0 };
    for (let draw = 0; draw < times; draw++) {
      const selector = new Selector({ ...settings, budget, seed: `${draw}` }, { labelled: [], corrected: [] });
      for (const video of videos) selector.addVideo(video.map(({ candidate }) => candidate));
      const ids = new Set(selector.select().decisions.map(({ frameId }) => frameId));
      const chosen = frames.filter(({ candidate }) => ids.has(candidate.frameId));
      const distances = toChange.map(({ candidate }) => {
        const here = pictures.get(candidate.frameId)!;
        return Math.min(...[...ids].map((id) => space.distance(here, pictures.get(id)!)));
      });
      sum.changes += mean(chosen.map(({ changes }) => changes)) / times;
      sum.without += mean(chosen.map(({ changes }) => (changes === 0 ? 1 : 0))) / times;
      sum.distance += mean(distances) / times;
    }
    const columns = [sum.changes.toFixed(1), `${(sum.without * 100).toFixed(0)} %`, sum.distance.toFixed(3)];
    console.log(`${name.padEnd(16)}${columns.map((column) => column.padStart(17)).join('   ')}`);
  }
}

/** The frames of each clip as a round would have them, beside their truth. */
async function takeCandidates(folder: string, everySeconds: number): Promise<Known[][]> {
  const truth = await loadClipTruth();
  const detector = await createDetector({ model: path.join(projectRoot(), 'models', 'demo.onnx') });
  const videos: Known[][] = [];
  try {
    for (const name of (await readdir(bundledClips())).filter(hasVideoExtension).sort()) {
      const file = path.join(bundledClips(), name);
      const videoKey = await videoKeyOfFile(file);
      const sampled = sampleFrames(await probeVideo(file), { videoKey, outputFolder: folder, everySeconds });
      const frames: Known[] = [];
      const predicted = mapAhead(
        sampled,
        detector.threads + 2,
        async (step): Promise<Known[]> => {
          if ('rejected' in step) return [];
          const { frame, picture, sha256, release } = step;
          const found = await detector.detect(picture);
          release();
          const candidate = { ...frame, ...found, sha256, modelSha256: detector.model.sha256 };
          const objects = truth.boxesOf(`${frame.frameId}.jpg`) ?? [];
          const { deleted, added, relabelled } = compareWithPreLabels(found.detections, objects);
          return [{ candidate, changes: deleted + added + relabelled }];
        },
        () => undefined,
      );
      for await (const known of predicted) frames.push(...known);
      videos.push(frames);
    }
  } finally {
    await detector.close();
  }
  return videos;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
