import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds the project's package.json. The same from the sources (tsx, vitest) and from the build. */
export function projectRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('no package.json above the code: the installation is incomplete');
    folder = parent;
  }
  return folder;
}

/** Where set-up puts the external programs of this project. */
export function toolsFolder(): string {
  return path.join(projectRoot(), '.tools');
}

/** The executables of the Python environment that set-up creates. */
export function venvBinFolder(): string {
  return path.join(toolsFolder(), 'venv', process.platform === 'win32' ? 'Scripts' : 'bin');
}
