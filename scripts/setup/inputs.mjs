import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Files below `folder`, relative to it, with `/`, sorted. Hidden files (editors' and our own temporary ones) are left out. */
export function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .sort();
}

/** One hash of the names and contents of `files` (relative to `root`). A file that is absent counts as absent. */
export function hashFiles(root, files) {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    const absolute = path.join(root, file);
    const content = existsSync(absolute) ? readFileSync(absolute) : undefined;
    // The length stands between name and content, so that no two different trees look the same to the hash.
    hash.update(`${file}\0${content?.length ?? 'absent'}\0`);
    if (content !== undefined) hash.update(content);
  }
  return hash.digest('hex');
}

/** Name → size in bytes of every file below `folder`. */
export function fileSizes(folder) {
  return Object.fromEntries(listFiles(folder).map((file) => [file, statSync(path.join(folder, file)).size]));
}

/** Outputs of the last build whose source file is gone: the compiler leaves them, and imports would still find them. */
export function staleOutputs(previousSources, sources) {
  const kept = new Set(sources);
  return previousSources
    .filter((source) => source.endsWith('.ts') && !kept.has(source))
    .map((source) => source.replace(/\.ts$/, ''))
    .flatMap((stem) => [`${stem}.js`, `${stem}.js.map`]);
}
