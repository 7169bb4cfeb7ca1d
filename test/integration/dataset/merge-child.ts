/**
 * Merges a request in a process of its own, which may be killed at a change that it makes to the file system. Prints how
 * many changes there were when it lives to the end. Argument: a JSON file with the request.
 */
import { readFile } from 'node:fs/promises';
import type { MergeRequest } from '../../../src/dataset/index.js';
import { changesSoFar } from '../../helpers/kill-at-change.js';

const [requestFile = ''] = process.argv.slice(2);
const request = JSON.parse(await readFile(requestFile, 'utf8')) as MergeRequest;

const { mergeIntoDataset } = await import('../../../src/dataset/index.js');
const result = await mergeIntoDataset(request);
process.stdout.write(JSON.stringify({ changes: changesSoFar(), result }));
