import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { parseDataYaml, type DataYaml } from './data-yaml.js';
import { datasetVersion, parseManifest } from './manifest.js';
import { SPLITS, type DatasetRecord, type Split } from './types.js';

/** The folder layout that Ultralytics finds labels by: the last `images` of a picture's path becomes `labels`. */
export const MANIFEST = 'manifest.jsonl';
export const DATA_YAML = 'data.yaml';
export const CROISSANT = 'croissant.json';

/** COCO's usual place and name for the boxes of one side. */
export function cocoPath(split: Split): string {
  return path.join('annotations', `instances_${split}.json`);
}

export function picturePath(frame: { frameId: string; split: Split }): string {
  return path.join('images', frame.split, `${frame.frameId}.jpg`);
}

export function labelPath(frame: { frameId: string; split: Split }): string {
  return path.join('labels', frame.split, `${frame.frameId}.txt`);
}

/** A dataset as it lies on disk. */
export interface Dataset {
  records: DatasetRecord[];
  version: string;
  yaml: DataYaml;
}

/** Reads manifest and data.yaml; undefined where there is no dataset yet. Throws `DATASET_DAMAGED`. */
export async function readDataset(folder: string): Promise<Dataset | undefined> {
  const manifest = await readIfThere(path.join(folder, MANIFEST));
  if (manifest === undefined) return undefined;
  const yaml = await readIfThere(path.join(folder, DATA_YAML));
  if (yaml === undefined) {
    throw new PipelineError('DATASET_DAMAGED', `The dataset ${folder} has a manifest but no data.yaml.`, {
      hint: 'Restore data.yaml from a copy: its names give the class ids in the label files their meaning.',
    });
  }
  return { records: parseManifest(manifest), version: datasetVersion(manifest), yaml: parseDataYaml(yaml) };
}

/**
 * All pictures and labels in the tree, relative to the folder. Hidden files, deeper folders and the decoded pictures
 * that Ultralytics keeps beside the pictures (`cache=disk` writes `.npy`) are none.
 */
export async function listTree(folder: string): Promise<Set<string>> {
  const files = new Set<string>();
  for (const kind of ['images', 'labels']) {
    for (const split of SPLITS) {
      const relative = path.join(kind, split);
      for (const entry of await readFolder(path.join(folder, relative))) {
        if (entry.isFile() && !entry.name.startsWith('.') && !entry.name.endsWith('.npy'))
          files.add(path.join(relative, entry.name));
      }
    }
  }
  return files;
}

/** What {@link listTree} finds although no record names it: a trainer that lists the folders would read it. */
export function unlisted(tree: ReadonlySet<string>, records: readonly DatasetRecord[]): string[] {
  const named = new Set(records.flatMap((record) => [picturePath(record), labelPath(record)]));
  return [...tree].filter((file) => !named.has(file)).sort();
}

export async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
