import { existsSync, mkdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './diagnose.mjs';

/** The content of a JSON file; undefined when it is absent or was cut off. Only for files that can be made anew. */
export function readJson(file) {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Half a stamp is no stamp: the step is done again.
    return undefined;
  }
}

/** Writes a stamp so that it is there as a whole or not at all. */
export function writeJson(file, value) {
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
  renameSync(temporary, file);
}

/** @throws SetupError when the disk has less room than the step needs: better before it than in its middle */
export function requireSpace(folder, megabytes, what) {
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free >= megabytes) return;
  throw new SetupError(
    `there are ${free} MB free, and ${what} need about ${megabytes} MB.`,
    'Free some space, then run this again.',
  );
}
