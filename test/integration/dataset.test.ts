import { execFile } from 'node:child_process';
import * as files from 'node:fs/promises';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import {
  datasetStats,
  diffRecords,
  mergeIntoDataset,
  readVersion,
  rebuildDataset,
  validateDataset,
  type AnnotatedFrame,
} from '../../src/dataset/index.js';
import { withLock } from '../../src/dataset/lock.js';
import { until } from '../helpers/programs.js';
import { makeFrames, snapshot } from './dataset/footage.js';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'frameloop-dataset-'));
  folder = path.join(root, 'images', 'dataset'); // "images" in the path above: Ultralytics replaces the last one only
});
afterEach(() => rm(root, { recursive: true, force: true }));

const footage = (videoKey: string, count: number) => makeFrames(path.join(root, 'frames', videoKey), videoKey, count);
const merge = (frames: AnnotatedFrame[], names = ['person'], split = { val: 0.2, test: 0 }) =>
  mergeIntoDataset({ folder, names, frames, split });
const withBoxes = (frame: AnnotatedFrame, boxes: AnnotatedFrame['boxes']): AnnotatedFrame => ({ ...frame, boxes });
const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown as Error;

/**
 * What a trainer finds, by the rules of Ultralytics: folders relative to data.yaml, the last `/images/` of a picture's
 * path becomes `/labels/` and its ending `.txt`; five columns, shares up to 1, known classes, no line twice.
 */
async function loadAsTrainer() {
  const yaml = parse(await readFile(path.join(folder, 'data.yaml'), 'utf8')) as {
    train: string;
    val: string;
    names: Record<string, string>;
  };
  const read = async (side: string) => {
    const pictures = (await readdir(path.join(folder, side))).map((name) => path.join(folder, side, name));
    return Promise.all(
      pictures.map(async (picture) => {
        const cut = picture.lastIndexOf(`${path.sep}images${path.sep}`);
        const label = `${picture.slice(0, cut)}/labels/${picture.slice(cut + '/images/'.length)}`.replace(
          /\.jpg$/,
          '.txt',
        );
        const lines = (await readFile(label, 'utf8')).split('\n').filter((line) => line !== '');
        for (const line of lines) {
          const [classId, ...shares] = line.split(' ').map(Number);
          expect(yaml.names[String(classId)]).toBeDefined();
          expect(shares).toHaveLength(4);
          for (const share of shares) expect(share).toBeLessThanOrEqual(1);
        }
        expect(new Set(lines).size).toBe(lines.length);
        const { format, width } = await sharp(picture).metadata();
        expect([format, width]).toEqual(['jpeg', 64]);
        return { name: path.basename(picture), lines };
      }),
    );
  };
  return { yaml, train: await read(yaml.train), val: await read(yaml.val) };
}

describe('a dataset', () => {
  it('is what a trainer loads, with whole videos on one side', async () => {
    const videos = await Promise.all(
      ['file-aa', 'file-bb', 'file-cc', 'file-dd', 'file-ee'].map((key) => footage(key, 4)),
    );
    const negative = withBoxes({ ...videos[0]![0]!, state: 'empty' }, []);
    const result = await merge([negative, ...videos.flat().slice(1)]);
    expect(result).toMatchObject({ added: 20, replaced: 0, unchanged: 0, total: 20, boxes: 19, setAside: [] });
    expect(result.bySplit).toEqual({ train: 16, val: 4, test: 0 });

    const { yaml, train, val } = await loadAsTrainer();
    expect(yaml.names).toEqual({ 0: 'person' });
    expect([train.length, val.length]).toEqual([16, 4]);
    expect([...train, ...val].reduce((sum, { lines }) => sum + lines.length, 0)).toBe(19);
    // By hand: the box 8,12 to 24,36 of 64 x 48.
    expect(train.find(({ lines }) => lines.length > 0)?.lines).toEqual(['0 0.25 0.5 0.25 0.5']);
    const videosOf = (side: typeof train) => new Set(side.map(({ name }) => name.split('_')[0]));
    expect([...videosOf(train)].filter((video) => videosOf(val).has(video))).toEqual([]);

    expect(await validateDataset(folder)).toEqual({ ok: true, problems: [], frames: 20, boxes: 19 });
    const boxesInVal = val.reduce((sum, { lines }) => sum + lines.length, 0);
    expect(await datasetStats(folder)).toMatchObject({
      version: result.version,
      frames: 20,
      boxes: 19,
      bySplit: { train: 16, val: 4, test: 0 },
      byClass: { person: 19 },
      byClassAndSplit: { person: { train: 19 - boxesInVal, val: boxesInVal, test: 0 } },
      videos: 5,
      videosBySplit: { train: 4, val: 1, test: 0 },
      negatives: 1,
      leakCheck: { leaks: [] },
    });
  });

  it('of a single video lends its training frames to val', async () => {
    await merge(await footage('file-aa', 2));
    const { yaml, val } = await loadAsTrainer();
    expect(yaml.val).toBe('images/train');
    expect(val).toHaveLength(2);
    await merge(await footage('file-bb', 2));
    expect((await loadAsTrainer()).yaml.val).toBe('images/val');
  });

  it('does not change when the same frames are merged again', async () => {
    const frames = [...(await footage('file-aa', 3)), ...(await footage('file-bb', 3))];
    const first = await merge(frames);
    const before = await snapshot(folder, { hidden: true });
    const written = (await stat(path.join(folder, 'manifest.jsonl'))).mtimeMs;
    await rm(path.join(root, 'frames'), { recursive: true }); // nor does it need the frames any more
    expect(await merge([...frames].reverse())).toEqual({ ...first, added: 0, unchanged: 6 });
    expect(await snapshot(folder, { hidden: true })).toEqual(before);
    expect((await stat(path.join(folder, 'manifest.jsonl'))).mtimeMs).toBe(written);
  });

  it('is the same whether its frames come in one round or the round is repeated, byte for byte', async () => {
    const frames = [...(await footage('file-aa', 3)), ...(await footage('file-bb', 3))];
    await merge(frames);
    const first = await snapshot(folder);
    await rm(folder, { recursive: true });
    await merge([...frames].reverse());
    expect(await snapshot(folder)).toEqual(first);
  });

  it('takes the new labels of a frame that was reviewed again, and no trainer reads the old ones from its cache', async () => {
    const frames = [...(await footage('file-aa', 3)), ...(await footage('file-bb', 1))];
    const first = await merge(frames);
    const cache = path.join(folder, 'labels', 'train.cache');
    await writeFile(cache, 'what the trainer read');
    const again = withBoxes(frames[0]!, [{ label: 'person', x1: 16, y1: 12, x2: 32, y2: 36 }]);
    const second = await merge([again]);
    expect(second).toMatchObject({ added: 0, replaced: 1, unchanged: 0, total: 4, boxes: 4 });
    expect(second.version).not.toBe(first.version);
    await expect(stat(cache)).rejects.toThrow('ENOENT');
    const { train, val } = await loadAsTrainer();
    const loaded = [...train, ...val].find(({ name }) => name.startsWith(again.frameId));
    expect(loaded?.lines).toEqual(['0 0.375 0.5 0.25 0.5']);
    expect(await validateDataset(folder)).toMatchObject({ ok: true });
  });

  it('never gives a class another id', async () => {
    const [first, second] = [await footage('file-aa', 1), await footage('file-bb', 1)];
    await merge(first, ['person', 'ball']);
    const goal = withBoxes(second[0]!, [{ label: 'goal', x1: 8, y1: 12, x2: 24, y2: 36 }]);
    await merge([goal], ['goal', 'person']);
    const { yaml, val } = await loadAsTrainer();
    expect(yaml.names).toEqual({ 0: 'person', 1: 'ball', 2: 'goal' });
    expect(val[0]?.lines).toEqual(['2 0.25 0.5 0.25 0.5']);
    expect(await datasetStats(folder)).toMatchObject({ byClass: { person: 1, ball: 0, goal: 1 } });
    expect(await validateDataset(folder)).toMatchObject({ ok: true });
  });

  it('holds everything known of a frame in its manifest, and no time of the clock', async () => {
    const [frame] = await footage('file-aa', 1);
    const provenance = {
      ...frame!.provenance,
      url: 'https://example.org/v',
      licence: 'CC-BY',
      taskId: 7,
      score: 1.5,
      arm: 'control',
    };
    await merge([{ ...frame!, provenance }]);
    const [line] = (await readFile(path.join(folder, 'manifest.jsonl'), 'utf8')).split('\n');
    expect(JSON.parse(line!)).toMatchObject({
      frameId: frame!.frameId,
      split: 'train',
      provenance,
      preLabels: frame!.preLabels,
      change: { kept: 1, moved: 0, relabelled: 0, deleted: 0, added: 0 },
    });
  });

  it('loses a frame that was reviewed again and is not wanted any more, and nothing else', async () => {
    const frames = [...(await footage('file-aa', 3)), ...(await footage('file-bb', 1))];
    await merge(frames);
    const { frameId } = frames[1]!;
    const settings = { folder, names: ['person'], split: { val: 0.2, test: 0 } };
    expect(await mergeIntoDataset({ ...settings, frames: [], removed: [frameId, 'unknown_000000000'] })).toMatchObject({
      removed: 1,
      total: 3,
    });
    const files = Object.keys(await snapshot(folder)).filter((file) => /^(images|labels)/.test(file));
    expect(files).toHaveLength(6);
    expect(files.filter((file) => file.includes(frameId))).toEqual([]);
    expect(await validateDataset(folder)).toMatchObject({ ok: true, frames: 3 });
    // It may come back with new labels.
    expect(await mergeIntoDataset({ ...settings, frames: [frames[1]!], removed: [frameId] })).toMatchObject({
      added: 1,
      removed: 0,
    });
  });

  it('does not take a picture that lies on another side already, and says which', async () => {
    const [aa, bb] = [await footage('file-aa', 4), await footage('file-bb', 1)];
    await merge([...aa, ...bb]);
    const cc = (await footage('file-cc', 3)).map((frame, i) => ({
      ...frame,
      perceptualHash: [aa[0]!, aa[1]!, bb[0]!][i]!.perceptualHash,
    }));
    const { added, refused } = await merge(cc);
    expect(added).toBe(2);
    expect(refused).toEqual([
      { frameId: cc[2]!.frameId, reason: `looks like ${bb[0]!.frameId}, which lies in val and not in train` },
    ]);
    expect(await validateDataset(folder)).toMatchObject({ ok: true });
  });

  it('is COCO JSON too, on each side', async () => {
    const frames = [...(await footage('file-aa', 2)), ...(await footage('file-bb', 1))];
    const negative = withBoxes({ ...frames[1]!, state: 'empty' }, []);
    const licensed = { ...frames[0]!, provenance: { ...frames[0]!.provenance, licence: 'CC BY 3.0' } };
    await merge([licensed, negative, frames[2]!], ['person', 'ball']);
    const coco = JSON.parse(await readFile(path.join(folder, 'annotations', 'instances_train.json'), 'utf8')) as object;
    expect(coco).toMatchObject({
      categories: [
        { id: 1, name: 'person' },
        { id: 2, name: 'ball' },
      ],
      licenses: [{ id: 1, name: 'CC BY 3.0' }],
      images: [
        { id: 1, file_name: 'file-aa_000000000.jpg', width: 64, height: 48, license: 1, pts_seconds: 0 },
        { id: 2, file_name: 'file-aa_000001000.jpg' },
      ],
      // By hand: the box 8,12 to 24,36.
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [8, 12, 16, 24], area: 384, iscrowd: 0 }],
    });
  });

  it('remembers its versions and tells them apart', async () => {
    const frames = [...(await footage('file-aa', 3)), ...(await footage('file-bb', 1))];
    const first = await merge(frames);
    const moved = withBoxes(frames[0]!, [
      { label: 'person', x1: 10, y1: 12, x2: 26, y2: 36 }, // moved by 2 px
      { label: 'person', x1: 40, y1: 12, x2: 56, y2: 36 },
    ]);
    const second = await merge([moved, ...(await footage('file-bb', 2))]);
    expect((await datasetStats(folder)).versions).toEqual([
      { version: first.version, frames: 4, boxes: 4, added: 4, replaced: 0, removed: 0 },
      { version: second.version, frames: 5, boxes: 6, added: 1, replaced: 1, removed: 0 },
    ]);
    const records = await Promise.all([first.version.slice(0, 6), folder].map((each) => readVersion(folder, each)));
    expect(diffRecords(records[0]!, records[1]!)).toEqual({
      added: ['file-bb_000001000'],
      removed: [],
      changed: [{ frameId: 'file-aa_000000000', kept: 0, moved: 1, relabelled: 0, deleted: 0, added: 1 }],
      unchanged: 3,
      boxes: { before: 4, after: 6 },
    });
    await expect(readVersion(folder, 'abcdef')).rejects.toThrow(refusedWith('DATASET_VERSION_UNKNOWN'));
  });

  it('of an earlier release gets what it lacks when it is built anew', async () => {
    const { version } = await merge([...(await footage('file-aa', 3)), ...(await footage('file-bb', 1))]);
    const before = await snapshot(folder);
    for (const name of ['annotations', 'croissant.json', 'versions', 'versions.jsonl']) {
      await rm(path.join(folder, name), { recursive: true });
    }
    expect((await validateDataset(folder)).problems).toContain(
      'croissant.json is missing; `frameloop dataset build` writes it.',
    );
    await rebuildDataset(folder);
    expect(await validateDataset(folder)).toMatchObject({ ok: true });
    const { 'versions.jsonl': _history, ...files } = await snapshot(folder);
    const { 'versions.jsonl': _old, ...expected } = before;
    expect(files).toEqual(expected);
    expect((await datasetStats(folder)).versions.map((entry) => entry.version)).toEqual([version]);
  });

  it('moves files away that the manifest does not name, and destroys none', async () => {
    await merge(await footage('file-aa', 2));
    await writeFile(path.join(folder, 'images', 'train', 'stray.jpg'), 'by hand');
    expect((await validateDataset(folder)).problems).toEqual(['images/train/stray.jpg is not in manifest.jsonl.']);
    expect((await merge([])).setAside).toEqual(['images/train/stray.jpg']);
    expect(await readFile(path.join(folder, 'unlisted', 'images', 'train', 'stray.jpg'), 'utf8')).toBe('by hand');
    expect(await validateDataset(folder)).toMatchObject({ ok: true });
  });

  it('gets back pictures and labels that were lost when their frames are merged again', async () => {
    const frames = await footage('file-aa', 2);
    await merge(frames);
    const before = await snapshot(folder);
    await rm(path.join(folder, 'images', 'train', `${frames[0]!.frameId}.jpg`));
    await rm(path.join(folder, 'labels', 'train', `${frames[1]!.frameId}.txt`));
    await merge(frames);
    expect(await snapshot(folder)).toEqual(before);
  });
});

describe('what is refused, leaving the dataset as it was', () => {
  it.each<[string, string, (frame: AnnotatedFrame) => Partial<AnnotatedFrame>]>([
    ['a frame that nobody reviewed', 'DATASET_UNCLEAN', () => ({ state: 'not_reviewed' })],
    ['a box outside the picture', 'DATASET_UNCLEAN', (frame) => ({ boxes: [{ ...frame.boxes[0]!, x2: 65 }] })],
    ['a box twice', 'DATASET_UNCLEAN', (frame) => ({ boxes: [...frame.boxes, ...frame.boxes] })],
    ['a frameId that leaves the folder', 'DATASET_UNCLEAN', () => ({ frameId: '../file-aa_000000000' })],
    ['a frame of another video', 'DATASET_UNCLEAN', () => ({ videoKey: 'file-zz' })],
    ['a class without id', 'DATASET_UNKNOWN_CLASS', (frame) => ({ boxes: [{ ...frame.boxes[0]!, label: 'dog' }] })],
    ['a picture that is gone', 'DATASET_PICTURE_MISSING', () => ({ file: path.join(root, 'gone.jpg') })],
    ['a picture that was changed', 'DATASET_PICTURE_CHANGED', () => ({ sha256: 'd'.repeat(64) })],
  ])('%s', async (_, code, change) => {
    await merge(await footage('file-aa', 1));
    const before = await snapshot(folder);
    const [frame] = await footage('file-bb', 1);
    const bad = { ...frame!, frameId: 'file-bb_000009000', ...change(frame!) };
    await expect(merge([frame!, bad])).rejects.toThrow(refusedWith(code));
    expect(await snapshot(folder)).toEqual(before);
    expect(await merge([frame!])).toMatchObject({ added: 1, total: 2 });
  });

  it('a frame that comes twice', async () => {
    const [frame] = await footage('file-aa', 1);
    await expect(merge([frame!, frame!])).rejects.toThrow(refusedWith('DATASET_UNCLEAN'));
  });

  it("somebody else's dataset in the folder", async () => {
    await mkdir(path.join(folder, 'images', 'train'), { recursive: true });
    await writeFile(path.join(folder, 'images', 'train', 'theirs.jpg'), '');
    await expect(merge(await footage('file-aa', 1))).rejects.toThrow(refusedWith('DATASET_FOREIGN'));
    expect(await snapshot(folder)).toHaveProperty('images/train/theirs.jpg');
  });

  it('a merge that is called off', async () => {
    await merge(await footage('file-aa', 1));
    const before = await snapshot(folder);
    const frames = await footage('file-bb', 20);
    const called = mergeIntoDataset({
      folder,
      names: ['person'],
      frames,
      split: { val: 0.2, test: 0 },
      signal: AbortSignal.abort(),
    });
    await expect(called).rejects.toThrow('abort');
    expect(await snapshot(folder)).toEqual(before);
  });

  it('a folder without a dataset, when one is to be validated or counted', async () => {
    await expect(validateDataset(root)).rejects.toThrow(refusedWith('DATASET_NOT_FOUND'));
    await expect(datasetStats(root)).rejects.toThrow(refusedWith('DATASET_NOT_FOUND'));
  });
});

describe('validation', () => {
  const label = () => path.join(folder, 'labels', 'train', 'file-aa_000000000.txt');
  const picture = () => path.join(folder, 'images', 'train', 'file-aa_000000000.jpg');

  it.each<[string, () => Promise<unknown>, string]>([
    ['a lost label', () => rm(label()), 'labels/train/file-aa_000000000.txt is missing.'],
    ['a lost picture', () => rm(picture()), 'images/train/file-aa_000000000.jpg is missing.'],
    [
      'a changed picture',
      () => rename(path.join(folder, 'images/train/file-aa_000001000.jpg'), picture()),
      'was changed.',
    ],
    ['a changed label', () => writeFile(label(), '0 0.5 0.5 0.1 0.1\n'), 'was changed.'],
    [
      'an unknown class id',
      () => appendFile(label(), '7 0.5 0.5 0.1 0.1\n'),
      'has the class id 7, but there are 1 classes.',
    ],
    ['a line twice', () => appendFile(label(), '0 0.25 0.5 0.25 0.5\n'), 'has a line twice.'],
    ['a box outside', () => appendFile(label(), '0 1.5 0.5 0.1 0.1\n'), 'Line 2 is not "class'],
    [
      'a cut manifest',
      () => appendFile(path.join(folder, 'manifest.jsonl'), '{"fra'),
      'Line 3 of manifest.jsonl cannot be read',
    ],
    ['a lost data.yaml', () => rm(path.join(folder, 'data.yaml')), 'has a manifest but no data.yaml'],
    [
      'renamed folders in data.yaml',
      () => writeFile(path.join(folder, 'data.yaml'), 'train: a\nval: b\nnames: [person]\n'),
      'data.yaml says train: a instead of images/train.',
    ],
    [
      'classes in another order',
      async () => {
        const yaml = await readFile(path.join(folder, 'data.yaml'), 'utf8');
        await writeFile(path.join(folder, 'data.yaml'), yaml.replace('"person"', '"ball"\n  1: "person"'));
      },
      'does not say what manifest.jsonl says.',
    ],
  ])('finds %s', async (_, damage, problem) => {
    await merge(await footage('file-aa', 2));
    expect((await validateDataset(folder)).problems).toEqual([]);
    await damage();
    const { ok, problems } = await validateDataset(folder);
    expect(ok).toBe(false);
    expect(problems.join(' ')).toContain(problem);
  });
});

describe('the lock', () => {
  const lock = () => path.join(root, 'lock');

  it('lets one in at a time and the next one after it', async () => {
    let inside = 0;
    const visit = () =>
      withLock(lock(), { waitMs: 60_000 }, async () => {
        expect(++inside).toBe(1);
        await promisify(setImmediate)();
        inside--;
      });
    await Promise.all([visit(), visit(), visit()]);
    await expect(stat(lock())).rejects.toThrow('ENOENT');
  });

  it('refuses while a living process holds it, and says which', async () => {
    await withLock(lock(), { waitMs: 0 }, async () => {
      const second = withLock(lock(), { waitMs: 0 }, () => Promise.resolve());
      await expect(second).rejects.toThrow(expect.objectContaining({ code: 'DATASET_LOCKED', retryable: true }));
      await expect(second).rejects.toThrow(`process ${process.pid}`);
    });
  });

  it('is not held by one that was frozen between making its file and writing it, when another has taken its place', async () => {
    const builtin = createRequire(import.meta.url)('node:fs/promises') as Pick<typeof files, 'writeFile'>;
    let thaw = () => {};
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    const spy = vi.spyOn(builtin, 'writeFile').mockImplementationOnce(async (file, content) => {
      const handle = await files.open(file as string, 'wx');
      await thawed;
      await handle.writeFile(content as string);
      await handle.close();
    });
    syncBuiltinESMExports();
    try {
      const frozen = withLock(lock(), { waitMs: 0 }, () => Promise.resolve('in'));
      await until('its file', () => stat(lock()).catch(() => undefined));
      await withLock(lock(), { waitMs: 60_000 }, async () => {
        thaw();
        await expect(frozen).rejects.toThrow(refusedWith('DATASET_LOCKED'));
      });
    } finally {
      spy.mockRestore();
      syncBuiltinESMExports();
    }
  });

  it('is taken over from a process that died, also when another one has its pid now', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['-p', '`${process.pid} ${os.hostname()}`']);
    const [pid, host] = stdout.trim().split(' ');
    const held = { pid: Number(pid), host, processStart: '1', token: 'x' };
    await writeFile(lock(), JSON.stringify(held));
    expect(await withLock(lock(), { waitMs: 0 }, () => Promise.resolve('in'))).toBe('in');
    await writeFile(lock(), JSON.stringify({ ...held, pid: process.pid }));
    expect(await withLock(lock(), { waitMs: 0 }, () => Promise.resolve('in'))).toBe('in');
  });
});
