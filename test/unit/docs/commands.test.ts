import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/client/program.js';
import { inProject, pages, read } from './files.js';

/** Every call of frameloop in a page, from code blocks and from code in the text, as words. */
function callsIn(page: string): string[][] {
  const text = read(page);
  const blocks = [...text.matchAll(/```(?:sh|bash)?\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline].flatMap((line) => {
    const [, call] =
      /^\s*(?:npx (?:--no-install )?frameloop|npm run frameloop --|frameloop)\s+([^#]*)/.exec(line) ?? [];
    return call === undefined ? [] : [call.trim().split(/\s+/)];
  });
}

const calls = pages.flatMap((page) => callsIn(page).map((words) => ({ page, words })));

/** The command that the words call, sub-commands too. */
function commandOf(words: readonly string[]): { command: Command; rest: string[] } | undefined {
  let command: Command = createProgram();
  const rest = [...words];
  while (command.commands.length > 0) {
    const next = command.commands.find((each) => each.name() === rest[0]);
    if (!next) return undefined;
    command = next;
    rest.shift();
  }
  return { command, rest };
}

describe('README and docs', () => {
  it('call commands of frameloop that exist', () => {
    expect(calls.length).toBeGreaterThan(15);
    const wrong = calls.filter(({ words }) => words[0] !== '' && commandOf(words) === undefined);
    expect(wrong.map(({ page, words }) => `${page}: frameloop ${words.join(' ')}`)).toEqual([]);
  });

  it('give them options that they have', () => {
    for (const { page, words } of calls) {
      const { command, rest = [] } = commandOf(words) ?? {};
      const known = command?.options.flatMap(({ long, short }) => [long, short]) ?? [];
      for (const option of rest.filter((word) => word.startsWith('-'))) {
        expect(['--help', ...known], `${page}: frameloop ${words.join(' ')}`).toContain(option);
      }
    }
  });

  it('name every command somewhere, so that none is a secret', () => {
    const text = pages.map(read).join('\n');
    const names = createProgram()
      .commands.map((command) => command.name())
      .filter((name) => name !== 'demo'); // `npm start` is its name there
    expect(names.filter((name) => !new RegExp(`frameloop ${name}\\b|\`${name}(/\\w+)?\``).test(text))).toEqual([]);
  });

  it('run npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) => [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('link to files that exist', () => {
    for (const page of [...pages, 'models/README.md']) {
      const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
      for (const target of targets.filter((each) => !/^[a-z]+:/.test(each))) {
        const file = path.join(path.dirname(page), target.replace(/#.*$/, ''));
        expect(existsSync(inProject(file)), `${page} links to ${target}`).toBe(true);
      }
    }
  });

  it('name the workflow, signal and task queue that the code has', () => {
    expect(read('src/workflows/index.ts')).toContain('ActiveLearningWorkflow');
    expect(read('src/workflows/messages.ts')).toContain("defineSignal<[hint?: AnnotationHint]>('annotationCompleted')");
    const [, queue] = /--task-queue (\S+)/.exec(read('README.md')) ?? [];
    expect(read('src/workers/task-queues.ts')).toContain(`defaultTaskQueue = '${queue}'`);
  });
});
