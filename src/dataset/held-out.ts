import path from 'node:path';
import type { LabelledBox } from '../common/types.js';
import { settle } from './transaction.js';
import { picturePath, readDataset } from './tree.js';
import type { Split } from './types.js';
import { notFound } from './validate.js';

/** The frames that no model is trained on, to measure models by. */
export interface HeldOutFrames {
  /** `test` where the dataset has such a side, else `val`. */
  split: Split;
  version: string;
  /** The classes of the dataset, in class-id order. */
  names: string[];
  frames: { file: string; boxes: LabelledBox[] }[];
}

/** Throws `DATASET_NOT_FOUND` and `DATASET_DAMAGED`. */
export async function heldOutFrames(folder: string): Promise<HeldOutFrames> {
  await settle(folder);
  const dataset = await readDataset(folder);
  if (dataset === undefined) throw notFound(folder);
  const { records, version, yaml } = dataset;
  const split = records.some((record) => record.split === 'test') ? 'test' : 'val';
  const frames = records
    .filter((record) => record.split === split)
    .map((record) => ({ file: path.join(folder, picturePath(record)), boxes: record.boxes }));
  return { split, version, names: yaml.names, frames };
}
