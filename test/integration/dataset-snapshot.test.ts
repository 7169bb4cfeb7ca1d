import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/files.js';
import {
  datasetStats,
  mergeIntoDataset,
  validateDataset,
  withSnapshot,
  type AnnotatedFrame,
} from '../../src/dataset/index.js';
import { temporaryFolder, until } from '../helpers/programs.js';
import { makeFrames, snapshot as contentOf } from './dataset/footage.js';

let root: string;
let remove: () => Promise<void>;
let folder: string;
beforeEach(async () => {
  ({ folder: root, remove } = await temporaryFolder('snapshot'));
  folder = path.join(root, 'dataset');
});
afterEach(() => remove());

const footage = (videoKey: string, count: number) => makeFrames(path.join(root, 'frames'), videoKey, count);
const merge = (frames: AnnotatedFrame[], removed: string[] = []) =>
  mergeIntoDataset({ folder, names: ['person'], frames, removed, split: { val: 0.2, test: 0 } });
const snapshots = () => readdir(path.join(folder, '.snapshots'));

describe('a snapshot of a dataset', () => {
  it('stays what it was while rounds are merged, is a dataset that validates, and is gone afterwards', async () => {
    const frames = [...(await footage('file-aa', 4)), ...(await footage('file-bb', 2))];
    const { version } = await merge(frames);
    const seen = await withSnapshot({ folder, version }, async (snapshot) => {
      expect(snapshot.version).toBe(version);
      const before = await contentOf(snapshot.folder);
      const again = { ...frames[0]!, boxes: [{ label: 'person', x1: 1, y1: 1, x2: 9, y2: 9 }] };
      await merge([again, ...(await footage('file-cc', 3))], [frames[1]!.frameId]);
      expect(await contentOf(snapshot.folder)).toEqual(before);
      expect(await validateDataset(snapshot.folder)).toEqual({ ok: true, problems: [], frames: 6, boxes: 6 });
      // What a trainer leaves beside the labels never comes into the dataset, nor what it does to its pictures.
      await appendFile(path.join(snapshot.folder, 'labels', 'train.cache'), 'what the trainer read');
      const pictures = path.join(snapshot.folder, 'images', 'train');
      for (const picture of await readdir(pictures)) await appendFile(path.join(pictures, picture), 'augmented');
      return Promise.all(frames.map(({ file }) => readFile(file)));
    });
    expect(seen.map(sha256)).toEqual(frames.map((frame) => frame.sha256));
    expect(await snapshots()).toEqual([]);
    expect(await datasetStats(folder)).toMatchObject({ frames: 8 });
    expect(await validateDataset(folder)).toMatchObject({ ok: true });
  });

  it('can be taken of an earlier version, without frames that people have taken out since', async () => {
    const frames = [...(await footage('file-aa', 4)), ...(await footage('file-bb', 2))];
    const first = await merge(frames);
    const again = { ...frames[0]!, boxes: [{ label: 'person', x1: 1, y1: 1, x2: 9, y2: 9 }] };
    await merge([again, ...(await footage('file-cc', 3))]);
    await withSnapshot({ folder, version: first.version }, async (snapshot) => {
      expect(snapshot.version).toBe(first.version);
      expect(await validateDataset(snapshot.folder)).toEqual({ ok: true, problems: [], frames: 6, boxes: 6 });
    });

    await merge([], [frames[1]!.frameId]);
    await withSnapshot({ folder, version: first.version }, async (snapshot) => {
      expect(snapshot.version).not.toBe(first.version);
      expect(await validateDataset(snapshot.folder)).toMatchObject({ ok: true, frames: 5 });
      expect(await datasetStats(snapshot.folder)).toMatchObject({ version: snapshot.version });
    });
    const unknown = withSnapshot({ folder, version: '000000000000' }, () => Promise.resolve());
    await expect(unknown).rejects.toMatchObject({ code: 'DATASET_VERSION_UNKNOWN' });
    expect(await snapshots()).toEqual([]);
  });

  it('is removed when the work fails, and by the next one when its process was killed; one in use stays', async () => {
    const { version } = await merge(await footage('file-aa', 3));
    const failing = withSnapshot({ folder, version }, () => Promise.reject(new Error('the trainer fell over')));
    await expect(failing).rejects.toThrow('the trainer fell over');
    expect(await snapshots()).toEqual([]);

    const index = new URL('../../src/dataset/index.ts', import.meta.url).href;
    const code = `const { withSnapshot } = await import(${JSON.stringify(index)});
      await withSnapshot(${JSON.stringify({ folder, version })}, ({ folder }) => {
        console.log(folder);
        return new Promise(() => setInterval(() => {}, 1000));
      });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]);
    let printed = '';
    child.stdout.on('data', (chunk) => (printed += String(chunk)));
    await until('a snapshot in another process', () => Promise.resolve(printed.includes('\n')));
    const other = path.basename(printed.trim());

    await withSnapshot({ folder, version }, async () => {
      expect(await snapshots()).toEqual(expect.arrayContaining([other, `${other}.lock`]));
    });
    expect((await snapshots()).sort()).toEqual([other, `${other}.lock`]);

    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await withSnapshot({ folder, version }, async () => {
      expect(await snapshots()).not.toContain(other);
    });
    expect(await snapshots()).toEqual([]);
  });
});
