import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/common/random.js';
import {
  datasetStats,
  mergeIntoDataset,
  validateDataset,
  type MergeRequest,
  type MergeResult,
} from '../../src/dataset/index.js';
import { makeFrames, snapshot } from './dataset/footage.js';

const child = fileURLToPath(import.meta.resolve('./dataset/merge-child.ts'));
const runChild = (requestFile: string, killAt = 0, moment: 'before' | 'during' = 'before') =>
  execa(process.execPath, ['--import', 'tsx', child, requestFile], {
    env: { KILL_AT_CHANGE: String(killAt), KILL_MOMENT: moment },
    reject: false,
  });

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'frameloop-crash-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function requestFor(name: string, request: Omit<MergeRequest, 'signal'>): Promise<string> {
  const file = path.join(root, `${name}.json`);
  await writeFile(file, JSON.stringify(request));
  return file;
}

describe('a merge that is killed with SIGKILL', () => {
  it('leaves the old or the new version, whatever it was doing, and the next merge makes the same bytes', async () => {
    const frames = await makeFrames(path.join(root, 'frames'), 'file-aa', 3);
    const more = await makeFrames(path.join(root, 'frames'), 'file-bb', 3);
    const settings = { names: ['person'], split: { val: 0.2, test: 0 } };
    const old = path.join(root, 'old');
    const oldVersion = (await mergeIntoDataset({ ...settings, folder: old, frames })).version;
    const oldFiles = await snapshot(old);
    // The second merge adds, replaces and removes frames and appends a class: everything a merge can do.
    const again = frames
      .slice(0, 2)
      .map((frame) => ({ ...frame, boxes: [{ label: 'ball', x1: 4, y1: 6, x2: 12, y2: 18 }] }));
    const second = {
      names: ['person', 'ball'],
      split: settings.split,
      frames: [...again, ...more],
      removed: [frames[2]!.frameId],
    };

    const undisturbed = path.join(root, 'undisturbed');
    await cp(old, undisturbed, { recursive: true });
    const { stdout } = await runChild(await requestFor('undisturbed', { ...second, folder: undisturbed }));
    const { changes, result } = JSON.parse(stdout) as { changes: number; result: MergeResult };
    const newFiles = await snapshot(undisturbed);
    expect(result).toMatchObject({ added: 3, replaced: 2, removed: 1, total: 5 });

    // Twenty random moments, one in each twentieth of all changes to the file system, so that every phase is met.
    const seed = process.env.FRAMELOOP_TEST_SEED ?? String(Date.now());
    const random = seededRandom(seed);
    const kills = Array.from({ length: 20 }, (_, kill) => ({
      killAt: 1 + Math.floor(((kill + random()) * changes) / 20),
      moment: random() < 0.5 ? ('before' as const) : ('during' as const),
    }));
    const places = kills.map(({ killAt, moment }) => `${moment} ${killAt}`);
    console.log(`20 kills among ${changes} changes (seed ${seed}): ${places.join(', ')}`);
    const seen = new Set<string>();
    for (const [kill, { killAt, moment }] of kills.entries()) {
      const folder = path.join(root, `killed-${kill}`);
      await cp(old, folder, { recursive: true });
      const request = await requestFor(`killed-${kill}`, { ...second, folder });
      expect((await runChild(request, killAt, moment)).signal).toBe('SIGKILL');

      // Before the merge is decided, even one who knows nothing of it sees the old version.
      const pending = Object.keys(await snapshot(folder, { hidden: true })).some((file) =>
        file.startsWith('.merge-pending'),
      );
      if (!pending) expect([oldFiles, newFiles]).toContainEqual(await snapshot(folder));

      expect(await validateDataset(folder)).toMatchObject({ ok: true, problems: [] });
      const { version } = await datasetStats(folder);
      expect([oldVersion, result.version]).toContain(version);
      expect(await snapshot(folder)).toEqual(version === oldVersion ? oldFiles : newFiles);
      seen.add(pending ? 'decided' : version === oldVersion ? 'before' : 'after');

      expect((await mergeIntoDataset({ ...second, folder })).version).toBe(result.version);
      expect(await snapshot(folder, { hidden: true })).toEqual(newFiles);
      await rm(folder, { recursive: true });
    }
    expect(seen).toContain('before');
    expect(seen).toContain('decided');
  });
});

describe('two processes that merge at the same time', () => {
  it('both get their frames in', async () => {
    const folder = path.join(root, 'shared');
    const settings = { folder, names: ['person'], split: { val: 0.2, test: 0 } };
    const requests = await Promise.all(
      ['file-cc', 'file-dd'].map(async (videoKey) => {
        const frames = await makeFrames(path.join(root, 'frames'), videoKey, 30);
        return requestFor(videoKey, { ...settings, frames });
      }),
    );
    const runs = await Promise.all(requests.map((request) => runChild(request)));
    expect(runs.map((run) => run.exitCode)).toEqual([0, 0]);
    expect(await validateDataset(folder)).toMatchObject({ ok: true, frames: 60 });
    expect(await datasetStats(folder)).toMatchObject({ videos: 2, bySplit: { train: 30, val: 30 } });
  });
});
