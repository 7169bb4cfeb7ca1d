import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../common/errors.js';

/** The names in a folder; none where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}

export interface Measure {
  /** On the disk, which may differ from the length. */
  sizeBytes: number;
  /** When the last file came to its place or changed, in milliseconds; 0 without files. */
  changedMs: number;
}

/**
 * Size and last change of a file, or of all files below a folder. What is gone meanwhile counts nothing. Links are not
 * followed. `counted` remembers files with several names (the dataset links frames), which take their room once.
 */
export async function measure(file: string, counted = new Set<string>()): Promise<Measure> {
  try {
    const stats = await lstat(file);
    if (stats.isDirectory()) {
      const inner = [];
      for (const name of await namesIn(file)) inner.push(await measure(path.join(file, name), counted));
      return together(inner);
    }
    const { size, blocks, ctimeMs, nlink, ino, dev } = stats;
    const id = `${dev}:${ino}`;
    const again = nlink > 1 && counted.has(id);
    if (nlink > 1) counted.add(id);
    return { sizeBytes: again ? 0 : blocks > 0 ? blocks * 512 : size, changedMs: ctimeMs };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { sizeBytes: 0, changedMs: 0 };
    throw error;
  }
}

export function together(measures: readonly Measure[]): Measure {
  return measures.reduce(
    (sum, { sizeBytes, changedMs }) => ({
      sizeBytes: sum.sizeBytes + sizeBytes,
      changedMs: Math.max(sum.changedMs, changedMs),
    }),
    { sizeBytes: 0, changedMs: 0 },
  );
}
