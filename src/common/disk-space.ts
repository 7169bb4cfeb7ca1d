import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from './errors.js';

/** Room on the disk of a folder, in bytes, as an ordinary user sees it. The folder need not be there yet. */
export async function diskSpace(folder: string): Promise<{ freeBytes: number; sizeBytes: number }> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  } catch (error) {
    const parent = path.dirname(folder);
    if (systemErrorCode(error) !== 'ENOENT' || parent === folder) throw error;
    return diskSpace(parent);
  }
}

const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `3.2 GB`: of 1024, as sizes in the configuration are. */
export function describeBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
