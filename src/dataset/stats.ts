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
  videos: number;
  /** Frames that people looked at and left empty. */
  negatives: number;
}

/** Counts what a dataset holds, from its manifest. Throws `DATASET_NOT_FOUND` and `DATASET_DAMAGED`. */
export async function datasetStats(folder: string): Promise<DatasetStats> {
  await settle(folder);
  const dataset = await readDataset(folder);
  if (dataset === undefined) throw notFound(folder);
  const { records, version, yaml } = dataset;
  const bySplit: Record<Split, number> = { train: 0, val: 0, test: 0 };
  const byClass = new Map(yaml.names.map((name) => [name, 0]));
  for (const record of records) {
    bySplit[record.split]++;
    for (const { label } of record.boxes) byClass.set(label, (byClass.get(label) ?? 0) + 1);
  }
  return {
    version,
    frames: records.length,
    boxes: records.reduce((sum, record) => sum + record.boxes.length, 0),
    bySplit,
    byClass: Object.fromEntries(byClass),
    videos: new Set(records.map((record) => record.videoKey)).size,
    negatives: records.filter((record) => record.boxes.length === 0).length,
  };
}
