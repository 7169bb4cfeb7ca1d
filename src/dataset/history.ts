import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { toJsonLines } from '../common/files.js';
import { parseManifest, printManifest } from './manifest.js';
import { stageFile } from './transaction.js';
import { readDataset, readIfThere } from './tree.js';
import type { DatasetRecord } from './types.js';

/** One line of `versions.jsonl`: what the dataset was, oldest version first. */
export interface VersionEntry {
  version: string;
  frames: number;
  boxes: number;
  added: number;
  replaced: number;
  removed: number;
}

const HISTORY = 'versions.jsonl';

/** Where the manifest of a version is kept. */
export function versionPath(version: string): string {
  return path.join('versions', `${version}.jsonl.gz`);
}

/** The versions so far; none for a dataset of a release that did not keep them. */
export async function readHistory(folder: string): Promise<VersionEntry[]> {
  const text = (await readIfThere(path.join(folder, HISTORY))) ?? '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as VersionEntry);
}

/** Keeps the manifests of versions, and a line for each in the history; what is there already stays as it is. */
export async function stageVersions(
  folder: string,
  versions: readonly { entry: VersionEntry; records: readonly DatasetRecord[] }[],
): Promise<void> {
  const earlier = await readHistory(folder);
  const fresh = versions.filter(({ entry }) => !earlier.some(({ version }) => version === entry.version));
  for (const { entry, records } of versions) {
    await stageFile(folder, versionPath(entry.version), gzipSync(printManifest(records)));
  }
  await stageFile(folder, HISTORY, toJsonLines([...earlier, ...fresh.map(({ entry }) => entry)]));
}

/**
 * The records of a version: `reference` is the beginning of its name, or the path of a dataset or a manifest.
 * Throws `DATASET_VERSION_UNKNOWN`, `DATASET_DAMAGED`.
 */
export async function readVersion(folder: string, reference: string): Promise<DatasetRecord[]> {
  const versions = (await readHistory(folder)).map(({ version }) => version);
  const matching = /^[0-9a-f]{4,12}$/.test(reference)
    ? versions.filter((version) => version.startsWith(reference))
    : [];
  if (matching.length === 1) {
    return parseManifest(gunzipSync(await readFile(path.join(folder, versionPath(matching[0]!)))).toString());
  }
  const records = matching.length === 0 ? await readPath(path.resolve(reference)) : undefined;
  if (records) return records;
  throw new PipelineError(
    'DATASET_VERSION_UNKNOWN',
    matching.length > 1
      ? `${reference} is the beginning of ${matching.length} versions of ${folder}.`
      : `${reference} is neither a version of ${folder} nor a dataset.`,
    { hint: `Give a version (${versions.slice(-5).join(', ') || 'there is none yet'}) or the folder of a dataset.` },
  );
}

async function readPath(file: string): Promise<DatasetRecord[] | undefined> {
  try {
    const content = await readFile(file);
    return parseManifest((file.endsWith('.gz') ? gunzipSync(content) : content).toString());
  } catch (error) {
    if (systemErrorCode(error) === 'EISDIR') return (await readDataset(file))?.records;
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}
