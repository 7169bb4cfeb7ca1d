import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import pMap from 'p-map';
import { PipelineError } from '../common/errors.js';
import { sha256File } from '../common/files.js';
import { checkRequest } from './check.js';
import { printDataYaml } from './data-yaml.js';
import { printYolo } from './formats/yolo.js';
import { datasetVersion, printManifest, toRecord } from './manifest.js';
import { assignSplits, type SplitShares } from './split.js';
import { alone, commit, stagePicture, stageText } from './transaction.js';
import { DATA_YAML, MANIFEST, exists, labelPath, listTree, picturePath, readDataset, unlisted } from './tree.js';
import type { AnnotatedFrame, DatasetRecord, Split } from './types.js';

export interface MergeRequest {
  folder: string;
  /** Classes in class-id order. Those the dataset does not have yet are appended; no class ever changes its id. */
  names: readonly string[];
  /** As `cleanFrames` keeps them. */
  frames: readonly AnnotatedFrame[];
  split: SplitShares;
  signal?: AbortSignal;
}

export interface MergeResult {
  version: string;
  added: number;
  replaced: number;
  unchanged: number;
  total: number;
  bySplit: Record<Split, number>;
  boxes: number;
  /** Files that lay in the tree though the manifest does not name them, moved to the folder `unlisted`. */
  setAside: string[];
}

/** Files written at a time: enough to hide the latency of the disk. */
const CONCURRENCY = 8;

/**
 * Adds reviewed frames to the dataset in `folder`; a frame that is in it already gets its new labels. Atomic: whatever
 * happens, the dataset is the old or the new version. Merging the same frames again changes nothing.
 *
 * Throws `DATASET_UNCLEAN`, `DATASET_UNKNOWN_CLASS`, `DATASET_BAD_SPLIT`, `DATASET_FOREIGN`, `DATASET_DAMAGED`,
 * `DATASET_PICTURE_MISSING`, `DATASET_PICTURE_CHANGED`, and `DATASET_LOCKED` (retryable) while another merge goes on.
 */
export async function mergeIntoDataset(request: MergeRequest): Promise<MergeResult> {
  const { folder, frames, signal } = request;
  checkRequest(request);
  await mkdir(folder, { recursive: true });
  return alone(folder, signal, async () => {
    const before = await readDataset(folder);
    const tree = await listTree(folder);
    if (before === undefined && (tree.size > 0 || (await exists(path.join(folder, DATA_YAML))))) {
      throw new PipelineError('DATASET_FOREIGN', `${folder} holds a dataset that is not ours: it has no ${MANIFEST}.`, {
        hint: 'Give the dataset a folder of its own: paths.dataset in the configuration.',
      });
    }
    const leftovers = unlisted(tree, before?.records ?? []);
    for (const file of leftovers) await setAside(folder, file);

    const names = [...new Set([...(before?.yaml.names ?? []), ...request.names])];
    const plan = planMerge(before?.records ?? [], frames, names, request.split);
    const isThere = (record: DatasetRecord) => tree.has(picturePath(record)) && tree.has(labelPath(record));
    const changed = plan.changes.filter((change) => change.kind !== 'unchanged' || !isThere(change.record));
    const manifest = printManifest(plan.records);
    const result = summarise(plan, datasetVersion(manifest), leftovers);

    if (changed.length > 0 || before === undefined || names.length > before.yaml.names.length) {
      await inParallel(changed, async ({ frame, record, old }) => {
        signal?.throwIfAborted();
        await stageText(folder, labelPath(record), printYolo(record.boxes, record, names));
        const hasPicture = old?.sha256 === record.sha256 && tree.has(picturePath(record));
        if (!hasPicture) await stageVerifiedPicture(folder, picturePath(record), frame, signal);
      });
      await stageText(folder, DATA_YAML, printDataYaml(names, result.version, result.bySplit));
      await stageText(folder, MANIFEST, manifest);
      for (const side of ['images/train', 'images/val', 'labels/train', 'labels/val']) {
        await mkdir(path.join(folder, side), { recursive: true });
      }
      signal?.throwIfAborted();
      await commit(folder);
    }
    return result;
  });
}

interface Change {
  kind: 'added' | 'replaced' | 'unchanged';
  frame: AnnotatedFrame;
  record: DatasetRecord;
  old?: DatasetRecord;
}

interface Plan {
  records: DatasetRecord[];
  changes: Change[];
}

/** What the manifest will hold, and what that means for each frame of the request. Pure. */
function planMerge(
  existing: readonly DatasetRecord[],
  frames: readonly AnnotatedFrame[],
  names: readonly string[],
  shares: SplitShares,
): Plan {
  const records = new Map(existing.map((record) => [record.frameId, record]));
  const known = new Map(existing.map((record) => [record.videoKey, record.split]));
  const videoOfFrame = new Map([...existing, ...frames].map((frame) => [frame.frameId, frame.videoKey]));
  const frameCounts = new Map<string, number>();
  for (const videoKey of videoOfFrame.values()) frameCounts.set(videoKey, (frameCounts.get(videoKey) ?? 0) + 1);
  const sides = assignSplits(known, frameCounts, shares);

  const changes = frames.map((frame): Change => {
    const record = toRecord(frame, sides.get(frame.videoKey)!, names);
    const old = records.get(frame.frameId);
    records.set(frame.frameId, record);
    const kind =
      old === undefined ? 'added' : JSON.stringify(old) === JSON.stringify(record) ? 'unchanged' : 'replaced';
    return { kind, frame, record, old };
  });
  return { records: [...records.values()], changes };
}

function summarise({ records, changes }: Plan, version: string, setAside: string[]): MergeResult {
  const count = (kind: Change['kind']) => changes.filter((change) => change.kind === kind).length;
  const bySplit: Record<Split, number> = { train: 0, val: 0, test: 0 };
  for (const record of records) bySplit[record.split]++;
  return {
    version,
    added: count('added'),
    replaced: count('replaced'),
    unchanged: count('unchanged'),
    total: records.length,
    bySplit,
    boxes: records.reduce((sum, record) => sum + record.boxes.length, 0),
    setAside,
  };
}

/** Like `pMap`, but after a failure nothing is still being written when it throws: the lock is about to be released. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  await pMap(
    items,
    async (item) => {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => failures.push(error));
    },
    { concurrency: CONCURRENCY },
  );
  if (failures.length > 0) throw failures[0];
}

async function stageVerifiedPicture(folder: string, relative: string, frame: AnnotatedFrame, signal?: AbortSignal) {
  if (!(await exists(frame.file))) {
    throw new PipelineError('DATASET_PICTURE_MISSING', `The picture ${frame.file} does not exist.`, {
      hint: 'Sample the video again, and keep the frames folder until its rounds are merged.',
    });
  }
  const staged = await stagePicture(folder, relative, frame.file);
  if ((await sha256File(staged, signal)) !== frame.sha256) {
    throw new PipelineError('DATASET_PICTURE_CHANGED', `${frame.file} is not the picture that people labelled.`, {
      hint: 'Something wrote to the frames folder; restore the picture or leave the frame out.',
    });
  }
}

/** Moves a file out of the trainer's sight without destroying it: somebody may have put it there by hand. */
async function setAside(folder: string, file: string): Promise<void> {
  const target = path.join(folder, 'unlisted', file);
  await mkdir(path.dirname(target), { recursive: true });
  await rename(path.join(folder, file), target);
}
