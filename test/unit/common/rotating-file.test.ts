import { readdir, readFile, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RotatingFile } from '../../../src/common/rotating-file.js';
import { temporaryFolder } from '../../helpers/programs.js';

let folder: string;
let remove: () => Promise<void>;
let file: string;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder('rotating'));
  file = path.join(folder, 'a.log');
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await remove();
});

/** Writers look at the file once a second. */
const later = () => vi.setSystemTime(Date.now() + 1001);
const lines = async () => {
  const names = (await readdir(folder)).sort();
  const texts = await Promise.all(names.map(async (name) => readFile(path.join(folder, name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index]?.trimEnd().split('\n')]));
};

describe('a rotating file', () => {
  it('is put aside when it is too large, and so many are kept', async () => {
    const log = new RotatingFile(file, { maxBytes: 8, keep: 2 });
    for (let number = 1; number <= 8; number++, later()) log.write(`line${number}\n`);
    log.close();
    // 8 bytes are reached with the second line of 6.
    expect(await lines()).toEqual({
      'a.log': ['line7', 'line8'],
      'a.log.1': ['line5', 'line6'],
      'a.log.2': ['line3', 'line4'],
    });
  });

  it('loses no line of another process that has it open too', async () => {
    const [one, other] = [new RotatingFile(file, { maxBytes: 8 }), new RotatingFile(file, { maxBytes: 8 })];
    for (let number = 1; number <= 6; number++, later()) (number % 2 ? one : other).write(`line${number}\n`);
    one.close();
    other.close();
    expect(
      Object.values(await lines())
        .flat()
        .sort(),
    ).toEqual([1, 2, 3, 4, 5, 6].map((number) => `line${number}`));
  });

  it('forgets what was put aside long ago', async () => {
    const log = new RotatingFile(file, { maxBytes: 1, maxAgeDays: 30 });
    log.write('old\n');
    const longAgo = new Date(Date.now() - 31 * 86_400_000);
    await utimes(file, longAgo, longAgo);
    later();
    log.write('new\n');
    log.close();
    expect(await lines()).toEqual({ 'a.log': ['new'] });
  });
});
