import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../common/files.js';
import { printDataYaml } from './data-yaml.js';
import { printCoco } from './formats/coco.js';
import { printCroissant } from './formats/croissant.js';
import { datasetVersion, printManifest } from './manifest.js';
import { CROISSANT, DATA_YAML, cocoPath } from './tree.js';
import { SPLITS, type DatasetRecord, type Split } from './types.js';

/** Frames on each side. */
export function countBySplit(records: readonly DatasetRecord[]): Record<Split, number> {
  const bySplit: Record<Split, number> = { train: 0, val: 0, test: 0 };
  for (const record of records) bySplit[record.split]++;
  return bySplit;
}

/**
 * The files that say in other words what the manifest says: `data.yaml` for YOLO trainers, COCO JSON for each side, and
 * Croissant metadata. By their place in the dataset. Pure.
 */
export function derivedFiles(records: readonly DatasetRecord[], names: readonly string[]): Map<string, string> {
  const manifest = printManifest(records);
  const version = datasetVersion(manifest);
  const inOrder = [...records].sort((a, b) => (a.frameId < b.frameId ? -1 : 1));
  const bySplit = countBySplit(records);
  return new Map([
    ...SPLITS.filter((split) => split !== 'test' || bySplit.test > 0).map(
      (split) => [cocoPath(split), printCoco(inOrder, split, names, version)] as const,
    ),
    [CROISSANT, printCroissant(inOrder, { names, version, manifestSha256: sha256(manifest) })],
    [DATA_YAML, printDataYaml(names, version, bySplit)],
  ]);
}

/** The folders that trainers expect even where they are empty. */
export async function makeFolders(folder: string): Promise<void> {
  for (const side of ['images/train', 'images/val', 'labels/train', 'labels/val']) {
    await mkdir(path.join(folder, side), { recursive: true });
  }
}
