import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { removeTemporaries, temporaryName } from '../../../src/common/files.js';
import { temporaryFolder } from '../../helpers/programs.js';

it('what killed writers left of some files is removed, and nothing else', async () => {
  const { folder, remove } = await temporaryFolder('files');
  try {
    const left = ['a.jpg', 'a.jsonl.part'].map((name) => path.basename(temporaryName(path.join(folder, name))));
    const others = [path.basename(temporaryName(path.join(folder, 'ab.jpg'))), 'a.jpg', '.a.hidden', 'a.tmp'];
    for (const name of [...left, ...others]) await writeFile(path.join(folder, name), '');
    await removeTemporaries(folder, 'a.');
    expect((await readdir(folder)).sort()).toEqual(others.sort());
    await removeTemporaries(path.join(folder, 'missing'), 'a.');
  } finally {
    await remove();
  }
});
