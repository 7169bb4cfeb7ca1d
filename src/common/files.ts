import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemErrorCode } from './errors.js';

/** A name beside `file` that no other writer uses, for writing before the rename. Keeps the extension: ffmpeg reads it. */
export function temporaryName(file: string): string {
  const { dir, name, ext } = path.parse(file);
  return path.join(dir, `.${name}.${process.pid}-${randomBytes(4).toString('hex')}.tmp${ext}`);
}

/**
 * Removes what a killed writer left of {@link temporaryName} in a folder, for files whose names begin with `prefix`. Only
 * for whoever is the only writer of these files.
 */
export async function removeTemporaries(folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const left = names.filter((name) => name.startsWith(`.${prefix}`) && /\.\d+-[\da-f]{8}\.tmp(\.\w+)?$/.test(name));
  for (const name of left) await rm(path.join(folder, name), { force: true });
}

/** Makes what was written to `file` survive a power cut. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames inside a folder survive a power cut. Windows has no such thing for folders. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Moves a finished temporary file to its final name: readers see either nothing or the whole file. */
export async function commitFile(temporary: string, file: string): Promise<void> {
  await syncFile(temporary);
  await rename(temporary, file);
  await syncFolder(path.dirname(file));
}

/**
 * Writes a file so that a crash at any moment leaves either the old content or the new. Creates the folder.
 * @param mode permissions of the file; default: what the process's umask leaves of 0o666
 */
export async function writeFileAtomic(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = temporaryName(file);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Lower-case hex SHA-256 of a file, read as a stream. */
export async function sha256File(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest('hex');
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** One JSON document per line, with a final line end. */
export function toJsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/**
 * Reads JSON Lines. A last line without its line end was cut off by a crash and is left out; any other unreadable line
 * throws.
 */
export async function readJsonLines<T>(file: string): Promise<T[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  lines.pop();
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
