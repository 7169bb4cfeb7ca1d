import path from 'node:path';
import { buildFromRounds, Resources } from '../../activities/steps.js';
import {
  datasetStats,
  diffRecords,
  readVersion,
  validateDataset,
  type DatasetStats,
  type Split,
} from '../../dataset/index.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { exitCodes, note, printResult, table } from '../output.js';

/** The folder that was named, else the one of the configuration. */
async function folderOf(named: string | undefined, options: CommonOptions): Promise<string> {
  return named === undefined ? (await readContext(options)).paths.dataset : path.resolve(named);
}

export async function validate(folder: string | undefined, options: CommonOptions): Promise<void> {
  const dataset = await folderOf(folder, options);
  const result = await validateDataset(dataset);
  const { ok, problems, frames, boxes } = result;
  const lines = ok
    ? [`${dataset}: ${frames} frames, ${boxes} boxes, everything as the manifest says, no picture on two sides.`]
    : [`${dataset}: ${problems.length} problems`, ...problems.map((problem) => `  ${problem}`)];
  printResult(options.json, { folder: dataset, ...result }, lines.join('\n'));
  if (!ok) process.exitCode = exitCodes.failed;
}

export async function stats(folder: string | undefined, options: CommonOptions): Promise<void> {
  const dataset = await folderOf(folder, options);
  const result = await datasetStats(dataset);
  printResult(options.json, { folder: dataset, ...result }, describeStats(dataset, result));
}

function describeStats(folder: string, found: DatasetStats): string {
  const { frames, boxes, bySplit, byClass, byClassAndSplit, videos, videosBySplit, negatives, versions } = found;
  const splits = (['train', 'val', 'test'] as const).filter((split) => split !== 'test' || bySplit.test > 0);
  const shares = (counts: Record<Split, number>) => splits.map((split) => String(counts[split]));
  const total = (counts: Record<Split, number>) => counts.train + counts.val + counts.test;
  const rows = [
    ['', ...splits, 'all', 'share of val'],
    ...[
      { name: 'videos', counts: videosBySplit },
      { name: 'frames', counts: bySplit },
    ]
      .concat(Object.keys(byClass).map((name) => ({ name, counts: byClassAndSplit[name]! })))
      .map(({ name, counts }) => {
        const all = total(counts);
        return [name, ...shares(counts), String(all), all === 0 ? '-' : `${Math.round((counts.val / all) * 100)} %`];
      }),
  ];
  const history = [
    ['version', 'frames', 'boxes', 'added', 'replaced', 'removed'],
    ...versions.map((each) =>
      [each.version, each.frames, each.boxes, each.added, each.replaced, each.removed].map(String),
    ),
  ];
  return [
    `${folder}: version ${found.version}`,
    `${frames} frames of ${videos} videos, ${boxes} boxes; ${negatives} frames show nothing`,
    '',
    table(rows),
    '',
    describeLeaks(found.leakCheck),
    '',
    table(history),
  ].join('\n');
}

function describeLeaks({ leaks, nearestBits }: DatasetStats['leakCheck']): string {
  const looked = nearestBits.reduce((sum, frames) => sum + frames, 0);
  const [first] = leaks;
  if (first)
    return `leak check: ${leaks.length} pictures lie on two sides, such as ${first.frameId} and ${first.other}`;
  if (looked === 0) return 'leak check: there are no held-out frames yet';
  const nearest = nearestBits.findIndex((frames) => frames > 0);
  return `leak check: no picture lies on two sides; the nearest pair among ${looked} held-out frames is ${nearest} of 64 bits apart`;
}

export async function diff(
  before: string,
  after: string,
  options: CommonOptions & { dataset?: string },
): Promise<void> {
  const folder = await folderOf(options.dataset, options);
  const result = diffRecords(await readVersion(folder, before), await readVersion(folder, after));
  const { added, removed, changed, unchanged, boxes } = result;
  const lines = [
    `${added.length} frames added, ${removed.length} removed, ${changed.length} with other boxes, ${unchanged} as before; ${boxes.before} boxes before, ${boxes.after} after`,
    ...added.map((frameId) => `+ ${frameId}`),
    ...removed.map((frameId) => `- ${frameId}`),
    ...changed.map(
      ({ frameId, kept, moved, relabelled, deleted, added: more }) =>
        `~ ${frameId}: ${kept} boxes kept, ${moved} moved, ${relabelled} relabelled, ${deleted} deleted, ${more} added`,
    ),
  ];
  printResult(options.json, result, lines.join('\n'));
}

export async function build(options: CommonOptions): Promise<void> {
  const config = await readContext(options);
  const resources = new Resources({ folder: process.cwd(), env: process.env, configFile: namedConfig(options) });
  try {
    const { rounds, dataset: found } = await buildFromRounds(resources, config.paths);
    for (const { roundId, added, replaced } of rounds) note(`${roundId}: ${added} added, ${replaced} replaced`);
    const text = `${config.paths.dataset}: ${found.frames} frames, ${found.boxes} boxes of ${rounds.length} rounds, version ${found.version}`;
    printResult(options.json, { folder: config.paths.dataset, rounds, ...found }, text);
  } finally {
    await resources.close();
  }
}
