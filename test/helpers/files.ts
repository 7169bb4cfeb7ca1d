import { readdir } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { systemErrorCode } from '../../src/common/errors.js';

/** What `reading` gives; undefined where the file or folder is not there, or no longer. */
export async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Everything below a folder in which programs are at work: what goes while one looks is left out. */
export async function everythingBelow(folder: string): Promise<Dirent[]> {
  const entries = (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? [];
  const below = entries.map((entry) =>
    entry.isDirectory() ? everythingBelow(path.join(folder, entry.name)) : Promise.resolve([]),
  );
  return [...entries, ...(await Promise.all(below)).flat()];
}

/** Waits until nothing below a folder is called so: what a program is writing goes by itself, what is left behind stays. */
export async function expectNoneLeft(folder: string, pattern: RegExp): Promise<void> {
  const left = async () => {
    const everything = await everythingBelow(folder);
    return everything.map(({ parentPath, name }) => path.join(parentPath, name)).filter((file) => pattern.test(file));
  };
  await expect.poll(left, { timeout: 60_000 }).toEqual([]);
}
