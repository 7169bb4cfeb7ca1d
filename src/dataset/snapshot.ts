import { randomUUID } from 'node:crypto';
import { constants, copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pMap from 'p-map';
import { PipelineError } from '../common/errors.js';
import { derivedFiles, makeFolders } from './derived.js';
import { printYolo } from './formats/yolo.js';
import { readVersion } from './history.js';
import { withLock } from './lock.js';
import { datasetVersion, printManifest } from './manifest.js';
import { alone, linkPicture } from './transaction.js';
import { labelPath, MANIFEST, picturePath, readDataset } from './tree.js';
import { notFound } from './validate.js';

/** A version of a dataset as a dataset of its own. */
export interface Snapshot {
  folder: string;
  /** The version asked for, or another one where frames of it have left the dataset since. */
  version: string;
}

/** Hidden inside the dataset: on the same file system, which may share the space of copies, and out of every trainer's sight. */
const SNAPSHOTS = '.snapshots';

const CONCURRENCY = 8;

/**
 * Runs `work` on a version of the dataset that nothing changes: a training takes hours, and rounds that end meanwhile
 * make the dataset grow under it. The snapshot is removed afterwards; one whose process was killed goes with the next.
 * Frames that people have taken out of the dataset since that version are left out, for nobody wants them any more.
 *
 * Throws `DATASET_NOT_FOUND`, `DATASET_VERSION_UNKNOWN`, `DATASET_DAMAGED`, `DATASET_LOCKED` (retryable).
 */
export async function withSnapshot<T>(
  request: { folder: string; version: string; signal?: AbortSignal },
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const snapshots = path.join(request.folder, SNAPSHOTS);
  await removeAbandoned(snapshots);
  const target = path.join(snapshots, `${request.version}-${randomUUID()}`);
  return whileInUse(target, async () => {
    try {
      const { version, pictures } = await build(request, target);
      await pMap(pictures, makeCopy, { concurrency: CONCURRENCY, signal: request.signal });
      return await work({ folder: target, version });
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  });
}

/** Keeps others from taking a snapshot for an abandoned one; `DATASET_LOCKED` where it is in use already. */
async function whileInUse<T>(snapshot: string, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(snapshot), { recursive: true });
  return withLock(`${snapshot}.lock`, { waitMs: 0 }, work);
}

async function removeAbandoned(snapshots: string): Promise<void> {
  await mkdir(snapshots, { recursive: true });
  const names = (await readdir(snapshots)).map((name) => name.replace(/\.lock$/, ''));
  for (const name of new Set(names)) {
    const abandoned = path.join(snapshots, name);
    try {
      await whileInUse(abandoned, () => rm(abandoned, { recursive: true, force: true }));
    } catch (error) {
      if (!(error instanceof PipelineError && error.code === 'DATASET_LOCKED')) throw error;
    }
  }
}

/** Its pictures are still links: copying them takes long, and other merges wait meanwhile. */
async function build(
  { folder, version, signal }: { folder: string; version: string; signal?: AbortSignal },
  target: string,
): Promise<{ version: string; pictures: string[] }> {
  return alone(folder, signal, async () => {
    const dataset = await readDataset(folder);
    if (dataset === undefined) throw notFound(folder);
    const { names } = dataset.yaml;
    const present = new Map(dataset.records.map((record) => [record.frameId, record]));
    const wanted = version === dataset.version ? dataset.records : await readVersion(folder, version);
    const records = wanted.filter(({ frameId, sha256 }) => present.get(frameId)?.sha256 === sha256);

    await makeFolders(target);
    const manifest = printManifest(records);
    for (const [file, content] of [...derivedFiles(records, names), [MANIFEST, manifest] as const]) {
      await write(path.join(target, file), content);
    }
    await pMap(
      records,
      async (record) => {
        await write(path.join(target, labelPath(record)), printYolo(record.boxes, record, names));
        await linkPicture(path.join(folder, picturePath(record)), path.join(target, picturePath(record)));
      },
      { concurrency: CONCURRENCY, signal },
    );
    const pictures = records.map((record) => path.join(target, picturePath(record)));
    return { version: datasetVersion(manifest), pictures };
  });
}

/**
 * Makes of a link to a picture a picture of its own: what a trainer does to it is not done to the dataset. Costs no space
 * where the file system copies on write.
 */
async function makeCopy(picture: string): Promise<void> {
  const copy = `${picture}.copy`;
  await copyFile(picture, copy, constants.COPYFILE_FICLONE);
  await rename(copy, picture);
}

/** Without the care that the dataset gets: after a crash the snapshot is worth nothing. */
async function write(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}
