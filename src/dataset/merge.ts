import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import pMap from 'p-map';
import { PipelineError } from '../common/errors.js';
import { sha256File } from '../common/files.js';
import { checkRequest } from './check.js';
import { countBySplit, derivedFiles, makeFolders } from './derived.js';
import { printYolo } from './formats/yolo.js';
import { stageVersions, versionPath } from './history.js';
import { datasetVersion, printManifest, toRecord } from './manifest.js';
import { decideSides } from './sides.js';
import type { SplitShares } from './split.js';
import { alone, commit, stageFile, stagePicture, stageRemovals } from './transaction.js';
import {
  DATA_YAML,
  MANIFEST,
  cocoPath,
  exists,
  labelPath,
  listTree,
  picturePath,
  readDataset,
  unlisted,
  type Dataset,
} from './tree.js';
import type { AnnotatedFrame, DatasetRecord, Split } from './types.js';

export interface MergeRequest {
  folder: string;
  /** Classes in class-id order. Those the dataset does not have yet are appended; no class ever changes its id. */
  names: readonly string[];
  /** As `cleanFrames` keeps them. */
  frames: readonly AnnotatedFrame[];
  /** Frames that go, where the dataset has them: people reviewed them again, and what they left is not wanted. */
  removed?: readonly string[];
  split: SplitShares;
  signal?: AbortSignal;
}

export interface MergeResult {
  version: string;
  added: number;
  replaced: number;
  unchanged: number;
  removed: number;
  /** Frames that would have put a picture on two sides. */
  refused: { frameId: string; reason: string }[];
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
 * `DATASET_PICTURE_MISSING`, `DATASET_PICTURE_CHANGED`, `PERCEPTUAL_HASH_INVALID`, and `DATASET_LOCKED` (retryable) while
 * another merge goes on.
 */
export async function mergeIntoDataset(request: MergeRequest): Promise<MergeResult> {
  const { folder, signal } = request;
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
    const plan = planMerge(before?.records ?? [], request, names);
    const isThere = (record: DatasetRecord) => tree.has(picturePath(record)) && tree.has(labelPath(record));
    const changed = plan.changes.filter((change) => change.kind !== 'unchanged' || !isThere(change.record));
    const result = summarise(plan, leftovers);
    const isKept = await exists(path.join(folder, versionPath(result.version)));

    if (changed.length > 0 || plan.removed.length > 0 || !isKept || names.length > (before?.yaml.names.length ?? 0)) {
      await inParallel(changed, async ({ frame, record, old }) => {
        signal?.throwIfAborted();
        await stageFile(folder, labelPath(record), printYolo(record.boxes, record, names));
        const hasPicture = old?.sha256 === record.sha256 && tree.has(picturePath(record));
        if (!hasPicture) await stageVerifiedPicture(folder, picturePath(record), frame, signal);
      });
      await stageDocuments(folder, plan, names, result, before);
      await makeFolders(folder);
      signal?.throwIfAborted();
      await commit(folder);
    }
    return result;
  });
}

/**
 * Makes all files anew that say in other words what the manifest says: labels, `data.yaml`, COCO JSON, Croissant. Also
 * brings the dataset of an earlier release up to date. Throws `DATASET_DAMAGED`; does nothing where there is no dataset.
 */
export async function rebuildDataset(folder: string): Promise<void> {
  await alone(folder, undefined, async () => {
    const dataset = await readDataset(folder);
    if (!dataset) return;
    const { records, yaml } = dataset;
    await inParallel(records, (record) =>
      stageFile(folder, labelPath(record), printYolo(record.boxes, record, yaml.names)),
    );
    const plan = { records, changes: [], removed: [], refused: [] };
    await stageDocuments(folder, plan, yaml.names, summarise(plan, []));
    await makeFolders(folder);
    await commit(folder);
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
  removed: DatasetRecord[];
  refused: MergeResult['refused'];
}

/** What the manifest will hold, and what that means for each frame of the request. Pure. */
function planMerge(
  before: readonly DatasetRecord[],
  { frames, removed: wanted = [], split }: MergeRequest,
  names: readonly string[],
): Plan {
  const again = new Set(frames.map(({ frameId }) => frameId));
  const goes = new Set(wanted.filter((frameId) => !again.has(frameId)));
  const existing = before.filter(({ frameId }) => !goes.has(frameId));
  const records = new Map(existing.map((record) => [record.frameId, record]));
  const { sides, refused } = decideSides(existing, frames, split);
  const isRefused = new Set(refused.map(({ frameId }) => frameId));

  const changes = frames
    .filter(({ frameId }) => !isRefused.has(frameId))
    .map((frame): Change => {
      const record = toRecord(frame, sides.get(frame.videoKey)!, names);
      const old = records.get(frame.frameId);
      records.set(frame.frameId, record);
      const kind =
        old === undefined ? 'added' : JSON.stringify(old) === JSON.stringify(record) ? 'unchanged' : 'replaced';
      return { kind, frame, record, old };
    });
  return {
    records: [...records.values()],
    changes,
    removed: before.filter(({ frameId }) => goes.has(frameId)),
    refused,
  };
}

function summarise({ records, changes, removed, refused }: Plan, setAside: string[]): MergeResult {
  const count = (kind: Change['kind']) => changes.filter((change) => change.kind === kind).length;
  return {
    version: datasetVersion(printManifest(records)),
    added: count('added'),
    replaced: count('replaced'),
    unchanged: count('unchanged'),
    removed: removed.length,
    refused,
    total: records.length,
    bySplit: countBySplit(records),
    boxes: records.reduce((sum, record) => sum + record.boxes.length, 0),
    setAside,
  };
}

/** For the dataset of a release that kept no versions. */
function asFirstVersion({ version, records }: Dataset) {
  const boxes = records.reduce((sum, record) => sum + record.boxes.length, 0);
  const entry = { version, frames: records.length, boxes, added: records.length, replaced: 0, removed: 0 };
  return { entry, records };
}

/** Everything but labels and pictures. */
async function stageDocuments(
  folder: string,
  { records, removed }: Plan,
  names: readonly string[],
  { version, total, boxes, added, replaced }: MergeResult,
  before?: Dataset,
): Promise<void> {
  const documents = derivedFiles(records, names);
  for (const [file, content] of documents) await stageFile(folder, file, content);
  await stageFile(folder, MANIFEST, printManifest(records));
  const entry = { version, frames: total, boxes, added, replaced, removed: removed.length };
  await stageVersions(folder, [...(before ? [asFirstVersion(before)] : []), { entry, records }]);
  // Pictures before labels: a picture without its label would be read as one without objects.
  const gone = [...removed.map(picturePath), ...removed.map(labelPath)];
  if (!documents.has(cocoPath('test'))) gone.push(cocoPath('test'));
  await stageRemovals(folder, gone);
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
