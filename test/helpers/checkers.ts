import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { toolsFolder } from '../../src/tools/index.js';

/**
 * A program that only tests need: from PATH, or as scripts/ci/checkers.sh installed it. Undefined where it is in
 * neither place; the test that wants it is skipped then, and says what is missing.
 */
export function findChecker(name: string): string | undefined {
  const folders = [path.join(toolsFolder(), 'checkers', 'bin'), ...(process.env.PATH ?? '').split(path.delimiter)];
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
