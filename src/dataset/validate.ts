import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pMap from 'p-map';
import { PipelineError, messageOf } from '../common/errors.js';
import { sha256, sha256File } from '../common/files.js';
import { derivedFiles } from './derived.js';
import { parseYolo, printYolo } from './formats/yolo.js';
import { checkLeaks } from './leaks.js';
import { settle } from './transaction.js';
import {
  DATA_YAML,
  MANIFEST,
  labelPath,
  listTree,
  picturePath,
  readDataset,
  readIfThere,
  unlisted,
  type Dataset,
} from './tree.js';
import type { DatasetRecord, Split } from './types.js';

export interface DatasetValidation {
  ok: boolean;
  /** One sentence each. */
  problems: string[];
  frames: number;
  boxes: number;
}

const CONCURRENCY = 8;

/**
 * Checks every file of a dataset against its manifest: pictures and labels are there and unchanged, labels are what a
 * trainer accepts and say what the manifest says, no video and no near duplicate lies on two sides, data.yaml, COCO JSON
 * and Croissant metadata fit, and nothing else lies in the tree. Reads every byte. A merge that was interrupted after it was decided is completed first.
 *
 * Throws `DATASET_NOT_FOUND` where there is no dataset; everything else is a problem in the result.
 */
export async function validateDataset(folder: string): Promise<DatasetValidation> {
  await settle(folder);
  let dataset: Dataset | undefined;
  try {
    dataset = await readDataset(folder);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { ok: false, problems: [error.message], frames: 0, boxes: 0 };
  }
  if (dataset === undefined) throw notFound(folder);
  const { records, yaml } = dataset;
  const tree = await listTree(folder);
  const perFrame = await pMap(records, (record) => checkFrameFiles(folder, record, yaml.names, tree), {
    concurrency: CONCURRENCY,
  });
  const problems = [
    ...checkManifest(records),
    ...checkDataYaml(dataset),
    ...(await checkDerived(folder, dataset)),
    ...checkLeaks(records).leaks.map(
      ({ frameId, other }) => `${frameId} and ${other} are near duplicates on two sides.`,
    ),
    ...perFrame.flat(),
    ...unlisted(tree, records).map((file) => `${file} is not in ${MANIFEST}.`),
  ];
  const boxes = records.reduce((sum, record) => sum + record.boxes.length, 0);
  return { ok: problems.length === 0, problems, frames: records.length, boxes };
}

export function notFound(folder: string): PipelineError {
  return new PipelineError('DATASET_NOT_FOUND', `There is no dataset in ${folder}: it has no ${MANIFEST}.`, {
    hint: 'Run a round first, or give the folder of the dataset (paths.dataset in the configuration).',
  });
}

function checkManifest(records: readonly DatasetRecord[]): string[] {
  const problems: string[] = [];
  const sides = new Map<string, Split>();
  records.forEach((record, i) => {
    const previous = records[i - 1];
    if (previous !== undefined && !(previous.frameId < record.frameId)) {
      problems.push(`${MANIFEST} is not sorted or names a frame twice: ${record.frameId}.`);
    }
    const side = sides.get(record.videoKey) ?? record.split;
    sides.set(record.videoKey, side);
    if (side !== record.split) problems.push(`The video ${record.videoKey} lies in both ${side} and ${record.split}.`);
  });
  return [...new Set(problems)];
}

function checkDataYaml({ records, version, yaml }: Dataset): string[] {
  const problems: string[] = [];
  if (yaml.version !== version) {
    problems.push(`${DATA_YAML} says version ${yaml.version ?? 'nothing'}, but the manifest is version ${version}.`);
  }
  const hasFrames = (split: Split) => records.some((record) => record.split === split);
  const expected = {
    train: 'images/train',
    val: hasFrames('val') ? 'images/val' : 'images/train',
    test: hasFrames('test') ? 'images/test' : undefined,
  };
  for (const split of ['train', 'val', 'test'] as const) {
    if (yaml.folders[split] === expected[split]) continue;
    problems.push(
      `${DATA_YAML} says ${split}: ${yaml.folders[split] ?? 'nothing'} instead of ${expected[split] ?? 'nothing'}.`,
    );
  }
  return problems;
}

/** What `checkDataYaml` does not look at. */
async function checkDerived(folder: string, { records, yaml }: Dataset): Promise<string[]> {
  const problems: string[] = [];
  for (const [file, expected] of derivedFiles(records, yaml.names)) {
    if (file === DATA_YAML) continue;
    const found = await readIfThere(path.join(folder, file));
    if (found === undefined) problems.push(`${file} is missing; \`frameloop dataset build\` writes it.`);
    else if (found !== expected) problems.push(`${file} does not say what ${MANIFEST} says.`);
  }
  return problems;
}

async function checkFrameFiles(
  folder: string,
  record: DatasetRecord,
  names: readonly string[],
  tree: ReadonlySet<string>,
): Promise<string[]> {
  const problems: string[] = [];
  const picture = picturePath(record);
  if (!tree.has(picture)) problems.push(`${picture} is missing.`);
  else if ((await sha256File(path.join(folder, picture))) !== record.sha256) problems.push(`${picture} was changed.`);

  const label = labelPath(record);
  if (!tree.has(label)) return [...problems, `${label} is missing.`];
  const text = await readFile(path.join(folder, label), 'utf8');
  try {
    const boxes = parseYolo(text);
    const unknown = boxes.find((box) => box.classId >= names.length);
    if (unknown) problems.push(`${label} has the class id ${unknown.classId}, but there are ${names.length} classes.`);
    const lines = text.split('\n').filter((line) => line !== '');
    if (new Set(lines).size !== lines.length) problems.push(`${label} has a line twice.`);
    if (sha256(text) !== record.labelSha256) problems.push(`${label} was changed.`);
    else if (printYolo(record.boxes, record, names) !== text)
      problems.push(`${label} does not say what ${MANIFEST} says.`);
  } catch (error) {
    problems.push(`${label}: ${messageOf(error)}`);
  }
  return problems;
}
