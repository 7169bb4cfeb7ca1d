import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * Compares package-lock.json with what npm says it installed (node_modules/.package-lock.json, which npm writes when
 * it is done, so that an interrupted install has none). Returns the paths of packages that are absent or of another
 * version: `required` ones, and `optional` ones that are meant for this platform.
 */
export function missingPackages(lock, installed, platform, root) {
  const missing = Object.entries(lock.packages).filter(([key, entry]) => {
    if (key === '' || entry.link === true) return false;
    if (entry.optional === true && !fitsPlatform(entry, platform)) return false;
    const there = installed?.packages[key];
    return there?.version !== entry.version || !existsSync(path.join(root, key, 'package.json'));
  });
  const keys = (optional) => missing.filter(([, entry]) => (entry.optional === true) === optional).map(([key]) => key);
  return { required: keys(false), optional: keys(true) };
}

/** An optional package without `os` and `cpu` may be left out by npm for reasons of its own: it does not count. */
function fitsPlatform(entry, { os, cpu, libc }) {
  if (entry.os === undefined || entry.cpu === undefined) return false;
  const fits = (list, value) => list === undefined || list.includes(value);
  return fits(entry.os, os) && fits(entry.cpu, cpu) && fits(entry.libc, libc);
}
