import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/tools/index.js';

/** The shell commands of a page that begin so, each as its words. Continued lines are one; quotes are taken off. */
export function commandsIn(page: string, beginning: string): string[][] {
  const text = readFileSync(path.join(projectRoot(), page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'));
  return lines
    .filter((line) => line.startsWith(beginning))
    .map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''));
}
