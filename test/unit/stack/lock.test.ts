import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processExists, processStart } from '../../../src/common/processes.js';
import { lockDataFolder } from '../../../src/stack/lock.js';
import { temporaryFolder } from '../../helpers/programs.js';

let folder: string;
let remove: () => Promise<void>;
let file: string;

beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder('lock'));
  file = path.join(folder, 'stack.json');
});
afterEach(() => remove());

const content = async () => JSON.parse(await readFile(file, 'utf8')) as { pid: number; programs: number[] };

/** Runs `use` while another program runs, which has `words` on its command line and does nothing. */
async function withProgram(words: string[], use: (pid: number, ended: Promise<unknown>) => Promise<void>) {
  const program = execa(process.execPath, ['-e', 'setInterval(() => {}, 1000)', ...words], { reject: false });
  try {
    await use(program.pid ?? 0, program);
  } finally {
    program.kill('SIGKILL');
    await program;
  }
}

/** What a stack that was killed left, under a number that a process has now. */
const left = (pid: number, more: object = {}) => writeFile(file, JSON.stringify({ pid, programs: [], ...more }));

describe('the lock of a data folder', () => {
  it('is held by a process that runs, and free when that has ended', async () => {
    await withProgram([], async (pid) => {
      for (const more of [{ processStart: await processStart(pid) }, {}]) {
        await left(pid, more);
        await expect(lockDataFolder(folder)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
      }
    });
    const lock = await lockDataFolder(folder);
    expect((await content()).pid).toBe(process.pid);
    await lock.release();
    expect(existsSync(file)).toBe(false);
  });

  it('is free when our own number stands in it: that was an earlier process', async () => {
    for (const processStart of ['1', undefined]) {
      await left(process.pid, { processStart });
      await (await lockDataFolder(folder)).release();
    }
  });

  it.skipIf(process.platform !== 'linux')('is free when another process has the number now', async () => {
    await withProgram([], async (pid) => {
      await left(pid, { processStart: '1' });
      await (await lockDataFolder(folder)).release();
    });
  });

  it.each(['', '{"pid": 1', 'null', '{"pid": "1"}'])('is free when a crash left "%s" of the file', async (text) => {
    await writeFile(file, text);
    await (await lockDataFolder(folder)).release();
  });

  it('ends the servers that a killed stack left, and no other program that has their number', async () => {
    await withProgram([], async (other) => {
      await withProgram([path.join(folder, 'temporal.sqlite')], async (pid, ended) => {
        await left(process.pid, { programs: [pid, other, process.pid] });
        await lockDataFolder(folder);
        expect(await ended).toMatchObject({ signal: 'SIGTERM' });
      });
      expect(processExists(other)).toBe(true);
    });
  });

  it('knows the servers that were noted last, and nothing comes after the release', async () => {
    const lock = await lockDataFolder(folder);
    await Promise.all([lock.record([1]), lock.record([1, 2]), lock.record([3])]);
    expect((await content()).programs).toEqual([3]);
    const last = lock.record([4]);
    await lock.release();
    await last;
    expect(existsSync(file)).toBe(false);
  });
});
