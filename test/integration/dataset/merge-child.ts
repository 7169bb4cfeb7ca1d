/**
 * Merges a request in a process of its own, and kills that process with SIGKILL just before the n-th change it makes to
 * the file system. Prints how many changes there were when it lives to the end.
 * Arguments: a JSON file with the request; n (0 = live).
 */
import fs from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { MergeRequest } from '../../../src/dataset/index.js';

const [requestFile = '', killAt = '0'] = process.argv.slice(2);
const request = JSON.parse(await fs.readFile(requestFile, 'utf8')) as MergeRequest;

let changes = 0;
const require = createRequire(import.meta.url);
const builtin = require('node:fs/promises') as Record<string, (...args: unknown[]) => unknown>;
for (const name of ['rename', 'link', 'copyFile', 'open', 'writeFile', 'mkdir', 'rm']) {
  const original = builtin[name]!;
  builtin[name] = (...args) => {
    if (++changes === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    return original(...args);
  };
}
syncBuiltinESMExports();

const { mergeIntoDataset } = await import('../../../src/dataset/index.js');
const result = await mergeIntoDataset(request);
process.stdout.write(JSON.stringify({ changes, result }));
