import { readFile, stat } from 'node:fs/promises';
import { systemErrorCode } from '../../../common/errors.js';

/** Where the pipeline keeps what its rounds made. The server only reads there. */
export interface PipelineFolders {
  /** Holds `catalog.sqlite` and `rounds/`. */
  data: string;
  dataset: string;
  /** Base URL of the Temporal UI, for links. */
  temporalUi?: string | undefined;
}

/** The content of a file; undefined where there is none (yet). */
async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Lines of JSON. The pipeline replaces these files as a whole, so every line is complete. */
export function parseLines<Line>(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/**
 * Remembers what was made of a file for as long as the file stays as it is (size and time of its last change), since the
 * page asks for the same again and again. Holds `limit` files, the latest.
 */
export function fileCache<Value>(
  limit: number,
  make: (text: string) => Value,
): (file: string) => Promise<Value | undefined> {
  const known = new Map<string, { state: string; value: Value }>();
  return async (file) => {
    const state = await stateOf(file);
    if (state === undefined) return undefined;
    const before = known.get(file);
    if (before?.state === state) return before.value;
    const text = await readIfThere(file);
    if (text === undefined) return undefined;
    const value = make(text);
    known.delete(file);
    known.set(file, { state, value });
    for (const oldest of known.keys()) {
      if (known.size <= limit) break;
      known.delete(oldest);
    }
    return value;
  };
}

async function stateOf(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
