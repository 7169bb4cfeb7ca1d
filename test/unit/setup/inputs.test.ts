import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSizes, hashFiles, listFiles, staleOutputs } from '../../../scripts/setup/inputs.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'frameloop-inputs-'));
  mkdirSync(path.join(root, 'src/deep'), { recursive: true });
  writeFileSync(path.join(root, 'src/a.ts'), 'one');
  writeFileSync(path.join(root, 'src/deep/b.ts'), 'two');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('whether the sources changed since the last build', () => {
  const hash = () => hashFiles(path.join(root, 'src'), listFiles(path.join(root, 'src')));

  it('lists files of all folders but no hidden ones, such as an editor’s', () => {
    writeFileSync(path.join(root, 'src/.a.ts.swp'), 'x');
    expect(listFiles(path.join(root, 'src'))).toEqual(['a.ts', 'deep/b.ts']);
    expect(listFiles(path.join(root, 'absent'))).toEqual([]);
  });

  it('touching a file is no change', () => {
    const before = hash();
    writeFileSync(path.join(root, 'src/a.ts'), 'one');
    expect(hash()).toBe(before);
  });

  it.each([
    ['another content of the same length', () => writeFileSync(path.join(root, 'src/a.ts'), 'eno')],
    ['a new file', () => writeFileSync(path.join(root, 'src/c.ts'), '')],
    ['a file that is gone', () => rmSync(path.join(root, 'src/a.ts'))],
    [
      'text that moved from one file to the next',
      () => {
        writeFileSync(path.join(root, 'src/a.ts'), 'on');
        writeFileSync(path.join(root, 'src/deep/b.ts'), 'etwo');
      },
    ],
  ])('%s is a change', (_, change) => {
    const before = hash();
    change();
    expect(hash()).not.toBe(before);
  });

  it('knows the size of every file of the build', () => {
    expect(fileSizes(path.join(root, 'src'))).toEqual({ 'a.ts': 3, 'deep/b.ts': 3 });
  });

  it('names the outputs whose source is gone', () => {
    expect(staleOutputs(['a.ts', 'deep/b.ts', 'web/page.html'], ['a.ts'])).toEqual(['deep/b.js', 'deep/b.js.map']);
  });
});
