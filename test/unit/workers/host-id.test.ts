import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHostId } from '../../../src/workers/host-id.js';
import { temporaryFolder } from '../../helpers/programs.js';

describe('the id of a host', () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeEach(async () => ({ folder, remove } = await temporaryFolder('host-id')));
  afterEach(() => remove());

  it('is made once, by whichever of many workers comes first, and stays', async () => {
    const data = path.join(folder, 'data');
    const ids = await Promise.all(Array.from({ length: 20 }, () => readHostId(data)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[\da-f]{8}$/);
    expect(await readHostId(data)).toBe(ids[0]);
    expect(await readdir(data)).toEqual(['host-id']);
  });

  it('may be a name that somebody chose', async () => {
    await writeFile(path.join(folder, 'host-id'), 'studio-2\n');
    expect(await readHostId(folder)).toBe('studio-2');
  });

  it('is refused where it could be no part of a task queue', async () => {
    await writeFile(path.join(folder, 'host-id'), '\n');
    await expect(readHostId(folder)).rejects.toMatchObject({ code: 'HOST_ID_INVALID' });
  });

  it('says which folder cannot be written to', async () => {
    await writeFile(path.join(folder, 'file'), '');
    await expect(readHostId(path.join(folder, 'file', 'data'))).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNWRITABLE',
    });
  });
});
