import fc from 'fast-check';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roundFiles, writeRoundFile } from '../../src/activities/round-file.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import type { RoundState } from '../../src/catalog/schema.js';
import { toJsonLines } from '../../src/common/files.js';
import type { Candidate } from '../../src/common/types.js';
import { loadConfig, type LoadedConfig } from '../../src/config/index.js';
import { collectGarbage, planGarbage } from '../../src/housekeeping/index.js';
import { runCli, startCli, writeSettings } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/programs.js';
import { candidate } from '../unit/selection/candidates.js';

let root: string;
let remove: () => Promise<void>;
beforeAll(async () => ({ folder: root, remove } = await temporaryFolder('gc')));
afterAll(() => remove());

/** Everything may go at once, unless something needs it. */
const keepNothing = { keep_videos: 0, keep_candidates: 0, keep_rounds: 0 };

/** What a round of one video leaves. */
interface RoundSpec {
  state: RoundState;
  task: boolean;
  frames: number;
  /** The first of the frames go to people. */
  selected: number;
  /** Their labels came home, and are in the dataset. */
  labelled: boolean;
  processing: boolean;
}

interface World {
  folder: string;
  config: LoadedConfig;
  catalog: Catalog;
  rounds: (RoundSpec & { id: string; folder: string; videoKey: string; frames: number })[];
}

const frameFile = ({ paths }: LoadedConfig, { videoKey, frameId }: Candidate) =>
  path.join(paths.output, videoKey, `${frameId}.jpg`);

/** A download, one that was interrupted, and what a killed format fix leaves. */
const videoFiles = ({ paths }: LoadedConfig, videoKey: string) =>
  [`${videoKey}.mp4`, `.partial/${videoKey}/${videoKey}.mp4.part`, `.${videoKey}.normalised.4711-0123abcd.tmp.mp4`].map(
    (name) => path.join(paths.downloads, name),
  );

let worlds = 0;

async function makeWorld(specs: RoundSpec[], storage: object = keepNothing): Promise<World> {
  const folder = path.join(root, `world-${(worlds += 1)}`);
  await mkdir(folder, { recursive: true });
  await writeSettings(folder, { storage }, {});
  const config = await loadConfig({ folder });
  const catalog = await openCatalog(config.paths.data);
  await mkdir(config.paths.downloads, { recursive: true });
  const rounds: World['rounds'] = [];
  for (const [index, spec] of specs.entries()) {
    const videoKey = `url-${String(index).padStart(12, '0')}`;
    const startedAt = new Date(Date.UTC(2026, 0, index + 1)).toISOString();
    const row = await catalog.ensureRound({
      ...{ workflowId: `round-${index}`, runId: `run-${index}`, startedAt },
      folderOf: (id) => path.join(config.paths.data, 'rounds', id),
    });
    await catalog.claimVideo(row.id, { videoKey, source: 'url' });
    for (const file of videoFiles(config, videoKey)) {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, 'x'.repeat(5000));
    }
    const frames = Array.from({ length: spec.frames }, (_, frame) => candidate({ videoKey, ptsMs: frame * 1000 }));
    await mkdir(path.join(config.paths.output, videoKey), { recursive: true });
    for (const frame of frames) await writeFile(frameFile(config, frame), 'picture');
    const { steps } = config;
    const ownSteps = { ...steps, process_videos: { enabled: spec.processing } };
    await writeRoundFile(row.folder, { roundId: row.id, taskName: row.id, config: { ...config, steps: ownSteps } });
    await mkdir(path.join(row.folder, 'candidates'));
    await writeFile(roundFiles.candidatesOf(row.folder, videoKey), toJsonLines(frames));
    if (frames.length > 0) await catalog.frames.recordCandidates(row.id, videoKey, frames);
    const selected = frames.slice(0, spec.selected).map((frame) => {
      return { ...frame, arm: 'chosen' as const, score: 1, reason: 'unsure' };
    });
    if (selected.length > 0) {
      await writeFile(roundFiles.selection(row.folder), toJsonLines(selected));
      await catalog.frames.recordSelection(row.id, selected);
      if (spec.task) await catalog.frames.recordUpload(row.id);
    }
    if (spec.labelled) {
      await writeFile(roundFiles.annotations(row.folder), '{}');
      await catalog.frames.recordReview(selected.map(({ frameId }) => ({ frameId, state: 'reviewed' })));
      await catalog.frames.recordSplit(selected.map(({ frameId }) => ({ frameId, split: 'train' })));
    }
    await catalog.updateRound(row.id, {
      state: spec.state,
      ...(spec.task && { taskId: index + 1 }),
      endedAt: startedAt,
    });
    rounds.push({ ...spec, id: row.id, folder: row.folder, videoKey });
  }
  return { folder, config, catalog, rounds };
}

const collectAll = async ({ config, catalog }: World) => collectGarbage(await planGarbage(config, catalog), catalog);

const spec: RoundSpec = { state: 'finished', task: true, frames: 4, selected: 2, labelled: true, processing: true };

/** Whether somebody still works with what the round has, said in the words of the documentation. */
const isOpen = ({ state, task }: RoundSpec) =>
  ['running', 'waiting'].includes(state) || (task && ['uploaded', 'failed', 'cancelled'].includes(state));

/** The catalog's `-wal` and `-shm` come and go with whoever has it open. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/^catalog\.sqlite-/.test(entry.name));
  return files.map((entry) => path.join(entry.parentPath, entry.name));
}

/** What must be there whatever was collected; gives what is missing. */
async function missing({ config, catalog, rounds }: World): Promise<string[]> {
  const needed: string[] = [];
  const everything = rounds.some(({ state, processing }) => state === 'running' && !processing);
  for (const round of rounds) {
    for (let frame = 0; frame < round.frames; frame++) {
      const file = frameFile(config, candidate({ videoKey: round.videoKey, ptsMs: frame * 1000 }));
      if (isOpen(round) || everything || (round.labelled && frame < round.selected)) needed.push(file);
    }
    if (isOpen(round)) needed.push(...videoFiles(config, round.videoKey));
    if (isOpen(round) || everything) needed.push(roundFiles.candidatesOf(round.folder, round.videoKey));
    if (isOpen(round) || round.labelled) needed.push(path.join(round.folder, 'round.json'));
    if (round.selected > 0) needed.push(roundFiles.selection(round.folder));
    if (round.labelled) needed.push(roundFiles.annotations(round.folder));
  }
  // A round that selects among what is left finds the picture of every entry.
  for (const { frameId } of await catalog.frames.leftCandidates()) {
    needed.push(path.join(config.paths.output, frameId.replace(/_\d+$/, ''), `${frameId}.jpg`));
  }
  return needed.filter((file) => !existsSync(file));
}

const anySpec: fc.Arbitrary<RoundSpec> = fc
  .record({
    state: fc.constantFrom<RoundState>('running', 'waiting', 'uploaded', 'finished', 'skipped', 'failed', 'cancelled'),
    task: fc.boolean(),
    frames: fc.integer({ min: 0, max: 4 }),
    selected: fc.integer({ min: 0, max: 4 }),
    labelled: fc.boolean(),
    processing: fc.boolean(),
  })
  .map((drawn) => {
    const selected = Math.min(drawn.selected, drawn.frames);
    return { ...drawn, selected, labelled: drawn.labelled && drawn.task && selected > 0 };
  });

describe('frameloop gc', () => {
  it('never takes what the dataset or an open round needs, and a second time finds nothing more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anySpec, { minLength: 1, maxLength: 5 }), async (specs) => {
        const world = await makeWorld(specs);
        try {
          expect(await missing(world)).toEqual([]);
          await collectAll(world);
          expect(await missing(world)).toEqual([]);
          expect((await planGarbage(world.config, world.catalog)).collect).toEqual([]);
        } finally {
          await world.catalog.close();
          await rm(world.folder, { recursive: true });
        }
      }),
      { numRuns: 15 },
    );
  });

  it('shows first and removes with --yes: videos, rejected candidates, candidates of old rounds, empty rounds', async () => {
    const world = await makeWorld([
      spec,
      { ...spec, state: 'waiting', labelled: false },
      { ...spec, state: 'failed', task: false, selected: 0, labelled: false },
    ]);
    const { config, catalog, rounds, folder } = world;
    const stranger = path.join(config.paths.downloads, 'holiday.mp4');
    await writeFile(stranger, 'not ours');
    await catalog.close();
    const before = await filesBelow(config.paths.data);
    const dry = await runCli(['gc', '--json'], { cwd: folder });
    expect(dry.exitCode).toBe(0);
    const shown = JSON.parse(dry.stdout) as { removed: boolean; collect: { kind: string; name: string }[] };
    expect(shown.removed).toBe(false);
    expect(await filesBelow(config.paths.data)).toEqual(before);

    const really = await runCli(['gc', '--yes', '--json'], { cwd: folder });
    const done = JSON.parse(really.stdout) as typeof shown & { bytes: { before: number; after: number } };
    const names = ({ collect }: typeof shown) => collect.map(({ kind, name }) => `${kind} ${name}`).sort();
    const [first, , third] = rounds;
    expect(names(done)).toEqual(names(shown));
    expect(names(done)).toEqual([
      ...[`candidates ${first?.videoKey}`, `candidates ${third?.videoKey}`],
      ...['round round-0', 'round round-2'],
      ...[`video ${first?.videoKey}`, `video ${third?.videoKey}`],
    ]);
    expect(done.bytes.after).toBeLessThan(done.bytes.before);
    expect(existsSync(stranger)).toBe(true);
    const [kept, ...gone] = [rounds[1], first, third].map((round) => videoFiles(config, round?.videoKey ?? ''));
    expect(kept?.filter((file) => !existsSync(file))).toEqual([]);
    expect(gone.flat().filter((file) => existsSync(file))).toEqual([]);
    expect(existsSync(path.join(config.paths.data, 'rounds', 'round-2'))).toBe(false);
    const reopened = { ...world, catalog: await openCatalog(config.paths.data) };
    expect(await missing(reopened)).toEqual([]);
    // The video is not fetched again: the catalog remembers it.
    expect(await reopened.catalog.isKnown(first?.videoKey ?? '')).toBe(true);
    await reopened.catalog.close();
  });

  it('takes what is old; and of the rest the oldest, until all is within max_size', async () => {
    const old = { keep_videos: '14d', keep_candidates: '90d', keep_rounds: '10000d' };
    const world = await makeWorld([spec, spec, spec], old);
    const { config, catalog } = world;
    const plan = (storage: object, days: number) =>
      planGarbage({ ...config, storage: { ...config.storage, ...storage } }, catalog, Date.now() + days * 86_400_000);
    const kinds = async (days: number) => (await plan({}, days)).collect.map(({ kind }) => kind);
    expect(await kinds(13)).toEqual([]);
    expect(await kinds(15)).toEqual(['video', 'video', 'video']);
    expect((await kinds(91)).filter((kind) => kind === 'candidates')).toHaveLength(3);

    // One byte too much: the oldest thing, and that alone, goes.
    const { bytes } = await plan({}, 0);
    const tight = await plan({ max_size: bytes.before - 1 }, 0);
    expect(tight.collect).toMatchObject([{ kind: 'round', name: 'round-0', because: 'size' }]);
    expect(tight.tooLarge).toBe(false);
    const impossible = await plan({ max_size: 1 }, 0);
    expect(impossible.tooLarge).toBe(true);
    expect(impossible.collect).toHaveLength(9);
    await catalog.close();
  });

  it('leaves what a round has taken up since it looked', async () => {
    const released: RoundSpec = { ...spec, state: 'cancelled', task: false, selected: 0, labelled: false };
    const world = await makeWorld([released]);
    const { config, catalog, rounds } = world;
    const key = rounds[0]?.videoKey ?? '';
    await catalog.releaseRound('round-0');
    const plan = await planGarbage(config, catalog);
    expect(plan.collect.map(({ kind }) => kind).sort()).toEqual(['candidates', 'round', 'video']);
    const next = await catalog.ensureRound({
      ...{ workflowId: 'next', runId: 'next', startedAt: new Date().toISOString() },
      folderOf: (id) => path.join(config.paths.data, 'rounds', id),
    });
    await writeRoundFile(next.folder, { roundId: next.id, taskName: next.id, config });
    expect(await catalog.claimVideo(next.id, { videoKey: key, source: 'url' })).toBe(true);
    const left = await collectGarbage(plan, catalog);
    expect(left.map(({ kind }) => kind).sort()).toEqual(['candidates', 'video']);
    expect(existsSync(path.join(config.paths.downloads, `${key}.mp4`))).toBe(true);
    expect(await readdir(path.join(config.paths.output, key))).toHaveLength(4);
    await catalog.close();
  });

  it('killed again and again in the middle, it loses nothing that is needed, and finishes in the end', async () => {
    const world = await makeWorld(
      Array.from({ length: 16 }, (_, index) => ({
        ...spec,
        frames: 40,
        labelled: index % 2 === 0,
        state: index % 2 === 0 ? ('finished' as const) : ('waiting' as const),
      })),
    );
    const { config, folder } = world;
    await world.catalog.close();
    const total = (await filesBelow(config.paths.data)).length;
    const preload = ['tsx', '../helpers/kill-at-change.ts'].map((module) => import.meta.resolve(module));
    const NODE_OPTIONS = preload.map((module) => `--import ${module}`).join(' ');
    for (const killAt of [1, 2, 41, 75, 150]) {
      const env = { NODE_OPTIONS, KILL_AT_CHANGE: `${killAt}` };
      expect((await startCli(['gc', '--yes'], { cwd: folder, env })).signal).toBe('SIGKILL');
      const catalog = await openCatalog(config.paths.data);
      expect(await missing({ ...world, catalog })).toEqual([]);
      await catalog.close();
    }
    expect((await runCli(['gc', '--yes'], { cwd: folder })).exitCode).toBe(0);
    const catalog = await openCatalog(config.paths.data);
    expect(await missing({ ...world, catalog })).toEqual([]);
    expect((await planGarbage(config, catalog)).collect).toEqual([]);
    await catalog.close();
    expect((await filesBelow(config.paths.data)).length).toBeLessThan(total);
  });
});
