import { copyFile, link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../common/errors.js';
import { syncFile, writeFileAtomic } from '../common/files.js';
import { withLock } from './lock.js';
import { DATA_YAML, MANIFEST, exists } from './tree.js';

/**
 * Changes many files of a dataset as one. The new files are written to a staging folder inside the dataset, which looks
 * the same as before meanwhile. Renaming that folder to "pending" is the moment of truth: before it the change never
 * happened, after it the change is completed by whoever opens the dataset next. Completing only renames and removes files,
 * the manifest last, and may be interrupted and repeated at will.
 */
const STAGING = '.merge-staging';
const PENDING = '.merge-pending';
const LOCK = '.merge.lock';
/** Names the files that the change takes out of the dataset. */
const REMOVALS = 'removals.json';
/** Merging thousands of frames takes seconds. Longer than this is for the caller to retry. */
const LOCK_WAIT_MS = 30_000;

/** Runs `work` alone, on a dataset without half-finished changes. */
export async function alone<T>(folder: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return withLock(path.join(folder, LOCK), { waitMs: LOCK_WAIT_MS, signal }, async () => {
    await complete(folder);
    await rm(path.join(folder, STAGING), { recursive: true, force: true });
    return work();
  });
}

/** For readers: completes a change whose process died after it was decided. Writes nothing otherwise. */
export async function settle(folder: string): Promise<void> {
  if (await exists(path.join(folder, PENDING))) await alone(folder, undefined, () => Promise.resolve());
}

/** Puts a file into the staging folder; `relative` is its place in the dataset. */
export async function stageFile(folder: string, relative: string, content: string | Uint8Array): Promise<void> {
  await writeFileAtomic(path.join(folder, STAGING, relative), content);
}

/** Puts a picture into the staging folder; returns the path of the staged file. */
export async function stagePicture(folder: string, relative: string, source: string): Promise<string> {
  const staged = path.join(folder, STAGING, relative);
  await linkPicture(source, staged);
  await syncFile(staged);
  return staged;
}

/** Gives a picture a second place, as a hard link where the file system can: pictures are never written to. */
export async function linkPicture(source: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  try {
    await link(source, target);
  } catch (error) {
    // Another file system, one without hard links, or a file of another user: a copy does as well.
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EACCES'].includes(systemErrorCode(error) ?? '')) throw error;
    await copyFile(source, target);
  }
}

/** Lets files go when the change is made, in this order; `files` are places in the dataset. */
export async function stageRemovals(folder: string, files: readonly string[]): Promise<void> {
  await writeFileAtomic(path.join(folder, STAGING, REMOVALS), JSON.stringify(files));
}

/** Makes everything staged part of the dataset. */
export async function commit(folder: string): Promise<void> {
  await rename(path.join(folder, STAGING), path.join(folder, PENDING));
  await complete(folder);
}

async function complete(folder: string): Promise<void> {
  const pending = path.join(folder, PENDING);
  if (!(await exists(pending))) return;
  const files = (await readdir(pending, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(pending, path.join(entry.parentPath, entry.name)));
  // Labels before pictures: a picture without its label would be read as one without objects.
  const order = (file: string) =>
    [file.startsWith('labels'), file.startsWith('images'), file === DATA_YAML].indexOf(true);
  const content = files.filter((file) => file !== MANIFEST && file !== REMOVALS).sort((a, b) => order(a) - order(b));
  if (files.includes(REMOVALS)) {
    const removals = JSON.parse(await readFile(path.join(pending, REMOVALS), 'utf8')) as string[];
    for (const file of removals) await rm(path.join(folder, file), { force: true });
  }
  for (const file of [...content, ...files.filter((name) => name === MANIFEST)]) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await rename(path.join(pending, file), path.join(folder, file));
  }
  await removeLabelCaches(folder);
  await rm(pending, { recursive: true, force: true });
}

/**
 * Ultralytics keeps what it read in `labels/<split>.cache` and tells whether it is outdated by names and total size
 * alone: a box that moved without changing the size of its label would be overlooked.
 */
async function removeLabelCaches(folder: string): Promise<void> {
  const labels = path.join(folder, 'labels');
  if (!(await exists(labels))) return;
  for (const name of await readdir(labels)) {
    if (name.endsWith('.cache')) await rm(path.join(labels, name), { force: true });
  }
}
