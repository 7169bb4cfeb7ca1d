import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/tools/index.js';

/** A shell command as a page shows it. */
export interface PageCommand {
  /** Page and line, `docs/cvat.md:79`. */
  at: string;
  /** In one line, however many the page has, and without its comment. */
  text: string;
}

/** The commands in the `sh` and `bash` blocks of a page, in its order. */
export function pageCommands(page: string): PageCommand[] {
  const text = readFileSync(path.join(projectRoot(), page), 'utf8');
  const commands: PageCommand[] = [];
  for (const { 1: block = '', index } of text.matchAll(/^```(?:sh|bash)\n([^]*?)^```/gm)) {
    let line = text.slice(0, index).split('\n').length + 1;
    for (const command of block.trimEnd().split(/(?<!\\)\n/)) {
      const joined = command.replaceAll(/\\\n\s*/g, '').replace(/(^|\s)\s*#.*$/, '');
      if (joined.trim()) commands.push({ at: `${page}:${line}`, text: joined });
      line += command.split('\n').length;
    }
  }
  return commands;
}

/** The shell commands of a page that begin so, each as its words: quotes are taken off. */
export function commandsIn(page: string, beginning: string): string[][] {
  return pageCommands(page)
    .filter(({ text }) => text.startsWith(beginning))
    .map(({ text }) => [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''));
}
