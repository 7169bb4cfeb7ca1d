import { readHistory, type VersionEntry } from './history.js';
import { checkLeaks, type LeakCheck } from './leaks.js';
import { settle } from './transaction.js';
import { readDataset } from './tree.js';
import type { Split } from './types.js';
import { notFound } from './validate.js';

export interface DatasetStats {
  version: string;
  frames: number;
  boxes: number;
  bySplit: Record<Split, number>;
  /** Boxes of each class, in class-id order, also of classes without any. */
  byClass: Record<string, number>;
  /** The same on each side. */
  byClassAndSplit: Record<string, Record<Split, number>>;
  videos: number;
  videosBySplit: Record<Split, number>;
  /** Frames that people looked at and left empty. */
  negatives: number;
  /** Oldest first. */
  versions: VersionEntry[];
  leakCheck: LeakCheck;
}

/** Counts what a dataset holds, from its manifest. Throws `DATASET_NOT_FOUND` and `DATASET_DAMAGED`. */
export async function datasetStats(folder: string): Promise<DatasetStats> {
  await settle(folder);
  const dataset = await readDataset(folder);
  if (dataset === undefined) throw notFound(folder);
  const { records, version, yaml } = dataset;
  const none = (): Record<Split, number> => ({ train: 0, val: 0, test: 0 });
  const bySplit = none();
  const videos = { train: new Set<string>(), val: new Set<string>(), test: new Set<string>() };
  const byClass = new Map(yaml.names.map((name) => [name, none()]));
  for (const { split, videoKey, boxes } of records) {
    bySplit[split]++;
    videos[split].add(videoKey);
    for (const { label } of boxes) {
      const counts = byClass.get(label) ?? none();
      counts[split]++;
      byClass.set(label, counts);
    }
  }
  return {
    version,
    frames: records.length,
    boxes: records.reduce((sum, record) => sum + record.boxes.length, 0),
    bySplit,
    byClass: Object.fromEntries([...byClass].map(([name, { train, val, test }]) => [name, train + val + test])),
    byClassAndSplit: Object.fromEntries(byClass),
    videos: new Set(records.map((record) => record.videoKey)).size,
    videosBySplit: { train: videos.train.size, val: videos.val.size, test: videos.test.size },
    negatives: records.filter((record) => record.boxes.length === 0).length,
    versions: await readHistory(folder),
    leakCheck: checkLeaks(records),
  };
}
