import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCatalog, type Catalog } from '../../../src/catalog/index.js';
import type { Candidate, SelectedFrame } from '../../../src/common/types.js';
import { candidate } from '../selection/candidates.js';

const claimChild = fileURLToPath(import.meta.resolve('./claim-child.ts'));

let folder: string;
let catalog: Catalog;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-catalog-'));
  catalog = await openCatalog(folder);
});
afterEach(async () => {
  await catalog.close();
  await rm(folder, { recursive: true, force: true });
});

const video = (videoKey: string) => ({ videoKey, source: 'file', title: videoKey, file: `/videos/${videoKey}.mp4` });

/** A round; `second` orders them in time. */
async function round(workflowId: string, second = 0): Promise<string> {
  const row = await catalog.ensureRound({
    workflowId,
    runId: `run-of-${workflowId}`,
    folderOf: (id) => path.join(folder, 'rounds', id),
    startedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  });
  return row.id;
}

const framesOf = (videoKey: string, count: number): Candidate[] =>
  Array.from({ length: count }, (_, index) => candidate({ videoKey, ptsMs: index * 1000 }));

const selected = (frames: readonly Candidate[]): SelectedFrame[] =>
  frames.map((frame) => ({ ...frame, arm: 'chosen', score: 0.7, reason: 'unsure' }));

/** A video that the round has claimed and taken frames of. */
async function processed(roundId: string, videoKey: string, count: number): Promise<Candidate[]> {
  expect(await catalog.claimVideo(roundId, video(videoKey))).toBe(true);
  const frames = framesOf(videoKey, count);
  await catalog.frames.recordCandidates(roundId, videoKey, frames);
  return frames;
}

describe('claims', () => {
  it('of two rounds that want the same videos at the same time, one gets each', async () => {
    const ids = [await round('a'), await round('b')];
    const processes = ids.map((id) => execa(process.execPath, ['--import', 'tsx', claimChild, folder, id, '60']));
    const won = (await Promise.all(processes)).map(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(won.flat().sort()).toEqual(Array.from({ length: 60 }, (_, index) => `file-${index}`).sort());
    for (const [index, keys] of won.entries()) {
      for (const key of keys) expect(await catalog.video(key)).toMatchObject({ claimedByRound: ids[index] });
    }
  });

  it('of one process that makes several at a time all end', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map((id) => round(id)));
    const won = await Promise.all(ids.map((id) => catalog.claimVideo(id, video('file-1'))));
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  it('a round that claims its video again, because its worker was killed, still has it', async () => {
    const id = await round('a');
    expect(await catalog.claimVideo(id, video('file-1'))).toBe(true);
    expect(await catalog.claimVideo(id, video('file-1'))).toBe(true);
  });

  it('a video that was processed is not taken by a later round', async () => {
    await processed(await round('a'), 'file-1', 2);
    expect(await catalog.claimVideo(await round('b'), video('file-1'))).toBe(false);
    expect(await catalog.isKnown('file-1')).toBe(true);
    expect(await catalog.isKnown('file-2')).toBe(false);
  });

  it('a file that was moved meanwhile is claimed at its new place', async () => {
    const id = await round('a');
    await catalog.claimVideo(id, video('file-1'));
    await catalog.releaseRound(id);
    await catalog.claimVideo(await round('b'), { ...video('file-1'), file: '/elsewhere/match.mp4' });
    expect(await catalog.video('file-1')).toMatchObject({ path: '/elsewhere/match.mp4', claimedByRound: 'b' });
  });

  it('what the download learned is kept, and what it did not say stays', async () => {
    await catalog.claimVideo(await round('a'), { videoKey: 'url-1', source: 'url', url: 'https://example.com/1' });
    await catalog.describeVideo({ videoKey: 'url-1', title: 'Match', durationSeconds: 12.5, file: '/v/url-1.mp4' });
    expect(await catalog.video('url-1')).toMatchObject({
      url: 'https://example.com/1',
      title: 'Match',
      durationSeconds: 12.5,
      path: '/v/url-1.mp4',
      channel: null,
    });
  });
});

describe('the content of videos', () => {
  const content = 'c'.repeat(64);

  it('belongs to the first of several, also when they ask at the same time', async () => {
    const id = await round('a');
    for (const key of ['url-1', 'url-2', 'url-3']) await catalog.claimVideo(id, { ...video(key), source: 'url' });
    const keys = ['url-1', 'url-2', 'url-3'];
    const answers = await Promise.all(keys.map((key) => catalog.claimContent(key, content)));
    const owner = keys.filter((_, index) => answers[index] === undefined);
    expect(owner).toHaveLength(1);
    expect(answers.filter((answer) => answer !== undefined)).toEqual([owner[0], owner[0]]);
    // Asking again changes nothing.
    expect(await catalog.claimContent(owner[0] ?? '', content)).toBeUndefined();
  });

  it('of a video that was given back is free', async () => {
    const id = await round('a');
    await catalog.claimVideo(id, video('url-1'));
    await catalog.claimContent('url-1', content);
    await catalog.releaseRound(id);
    await catalog.claimVideo(await round('b'), video('url-2'));
    expect(await catalog.claimContent('url-2', content)).toBeUndefined();
    expect(await catalog.claimContent('url-1', content)).toBe('url-2');
  });

  it('of a local file is remembered while size and time stay', async () => {
    // More than 32 bits of size, and a time as file systems give it.
    const state = { file: '/videos/long.mp4', sizeBytes: 123_456_789_012, modifiedMs: 1_790_000_000_123.456 };
    expect(await catalog.sha256Of(state)).toBeUndefined();
    await catalog.remember(state, content);
    expect(await catalog.sha256Of(state)).toBe(content);
    expect(await catalog.sha256Of({ ...state, modifiedMs: state.modifiedMs + 1 })).toBeUndefined();
    await catalog.remember({ ...state, sizeBytes: 1 }, 'd'.repeat(64));
    expect(await catalog.sha256Of(state)).toBeUndefined();
  });
});

describe('videos that fail', () => {
  it('for good are not tried again, and the reason is kept', async () => {
    await catalog.claimVideo(await round('a'), video('file-1'));
    await catalog.failVideo('file-1', 'VIDEO_DAMAGED: cut off', true);
    expect(await catalog.video('file-1')).toMatchObject({ state: 'failed', failure: 'VIDEO_DAMAGED: cut off' });
    expect(await catalog.claimVideo(await round('b'), video('file-1'))).toBe(false);
  });

  it('for a reason that passes are taken by the next round', async () => {
    await catalog.claimVideo(await round('a'), video('file-1'));
    await catalog.failVideo('file-1', 'NETWORK_FAILED: reset', false);
    expect(await catalog.isKnown('file-1')).toBe(false);
    expect(await catalog.claimVideo(await round('b'), video('file-1'))).toBe(true);
    expect(await catalog.video('file-1')).toMatchObject({ failure: null });
  });
});

describe('a round that ends early', () => {
  it('gives back its videos, but not those whose frames are with people', async () => {
    const id = await round('a');
    const sent = await processed(id, 'file-1', 2);
    await catalog.frames.recordSelection(id, selected(sent.slice(0, 1)));
    await catalog.frames.recordUpload(id);
    await processed(id, 'file-2', 2);
    await catalog.claimVideo(id, video('file-3'));

    expect(await catalog.releaseRound(id)).toBe(2);
    const next = await round('b');
    const claimed = await Promise.all(
      ['file-1', 'file-2', 'file-3'].map((key) => catalog.claimVideo(next, video(key))),
    );
    expect(claimed).toEqual([false, true, true]);
  });

  it('gives back frames that were selected and not sent', async () => {
    const id = await round('a');
    await catalog.frames.recordSelection(id, selected(await processed(id, 'file-1', 3)));
    expect((await catalog.summary()).frames).toEqual({ selected: 3 });
    expect(await catalog.releaseRound(id)).toBe(1);
    expect(await catalog.summary()).toEqual({ videos: { released: 1 }, frames: { candidate: 3 } });
  });

  it('leaves the videos of other rounds alone, and may be told twice', async () => {
    const [a, b] = [await round('a'), await round('b')];
    await catalog.claimVideo(a, video('file-1'));
    await catalog.claimVideo(b, video('file-2'));
    expect(await catalog.releaseRound(a)).toBe(1);
    expect(await catalog.releaseRound(a)).toBe(0);
    expect(await catalog.video('file-2')).toMatchObject({ state: 'claimed', claimedByRound: 'b' });
  });

  it('is abandoned when its workflow is gone, but not when it has ended since somebody looked', async () => {
    const [gone, ended, skipped] = [await round('gone'), await round('ended'), await round('skipped')];
    await processed(gone, 'file-1', 2);
    await processed(ended, 'file-2', 2);
    const seen = await catalog.roundsInState('running');
    expect(seen).toHaveLength(3);
    await catalog.updateRound(ended, { state: 'finished', endedAt: '2026-01-01T00:00:00.000Z' });
    await catalog.updateRound(skipped, { state: 'skipped' });

    const released = [];
    for (const { id } of seen) released.push([id, await catalog.abandonRound(id)]);
    expect(Object.fromEntries(released)).toEqual({ gone: 1, ended: undefined, skipped: undefined });
    expect(await catalog.round(ended)).toMatchObject({ state: 'finished', endedAt: '2026-01-01T00:00:00.000Z' });
    expect(await catalog.round(skipped)).toMatchObject({ state: 'skipped' });
    expect(await catalog.round(gone)).toMatchObject({ state: 'failed' });
    expect((await catalog.summary()).videos).toEqual({ released: 1, processed: 1 });
  });

  it('gives up its task, too, when told so: all but what is in the dataset is free', async () => {
    const id = await round('a');
    const [first] = await processed(id, 'file-1', 2);
    const [second, third, fourth] = await processed(id, 'file-2', 3);
    await catalog.frames.recordSelection(id, selected([first!, second!, third!, fourth!]));
    await catalog.frames.recordUpload(id);
    // Two jobs of the task were done, and their frames are in the dataset already; one was reopened since.
    await catalog.frames.recordReview([
      { frameId: third!.frameId, state: 'reviewed' },
      { frameId: second!.frameId, state: 'not_reviewed' },
      { frameId: fourth!.frameId, state: 'not_reviewed' },
    ]);
    await catalog.frames.recordSplit([third!, fourth!].map(({ frameId }) => ({ frameId, split: 'train' })));
    await catalog.updateRound(id, { state: 'cancelled', taskId: 7, taskUrl: 'http://cvat/tasks/7' });
    expect(await catalog.unharvestedRounds()).toMatchObject([{ id }]);

    expect(await catalog.giveUpTask(id)).toEqual({ videos: 1, frames: 2 });
    expect(await catalog.unharvestedRounds()).toEqual([]);
    expect((await catalog.summary()).frames).toEqual({ candidate: 3, reviewed: 1, not_reviewed: 1 });
    expect(await catalog.claimVideo(await round('b'), video('file-1'))).toBe(true);
    expect(await catalog.claimVideo('b', video('file-2'))).toBe(false);
    expect(await catalog.giveUpTask(id)).toEqual({ videos: 0, frames: 0 });
  });

  it('with processing switched off keeps what was processed and gives back the rest', async () => {
    const id = await round('a');
    await processed(id, 'file-1', 1);
    await catalog.claimVideo(id, video('file-2'));
    await catalog.releaseUnprocessed(id);
    expect((await catalog.summary()).videos).toEqual({ processed: 1, released: 1 });
  });
});

describe('frames', () => {
  it('that were sent to people keep their state when their video is processed again', async () => {
    const a = await round('a');
    const frames = await processed(a, 'file-1', 3);
    await catalog.frames.recordSelection(a, selected(frames.slice(0, 1)));
    await catalog.frames.recordUpload(a);
    await catalog.frames.recordReview([{ frameId: frames[0]!.frameId, state: 'reviewed' }]);
    await catalog.frames.recordSplit([{ frameId: frames[0]!.frameId, split: 'train' }]);

    const b = await round('b');
    await catalog.frames.recordCandidates(a, 'file-1', framesOf('file-1', 4));
    expect((await catalog.summary()).frames).toEqual({ reviewed: 1, candidate: 3 });
    expect(await catalog.frames.labelledFrames(b)).toEqual([
      { frameId: frames[0]!.frameId, perceptualHash: frames[0]!.perceptualHash },
    ]);
  });

  it('are not recorded for a round that has given the video back', async () => {
    const a = await round('a');
    await catalog.claimVideo(a, video('file-1'));
    await catalog.releaseRound(a);
    await catalog.frames.recordCandidates(a, 'file-1', framesOf('file-1', 3));
    expect((await catalog.summary()).frames).toEqual({});
    expect(await catalog.claimVideo(await round('b'), video('file-1'))).toBe(true);
  });

  it('are recorded by the thousands, and twice without harm', async () => {
    const id = await round('a');
    await processed(id, 'file-1', 1234);
    await catalog.frames.recordCandidates(id, 'file-1', framesOf('file-1', 1234));
    expect((await catalog.summary()).frames).toEqual({ candidate: 1234 });
  });

  it('of a video without any leave it processed', async () => {
    const id = await round('a');
    await processed(id, 'file-1', 0);
    expect((await catalog.summary()).videos).toEqual({ processed: 1 });
  });

  it('that nobody saw are left for later, once their round has ended', async () => {
    const a = await round('a');
    const [first, second, third] = await processed(a, 'file-1', 3);
    await catalog.frames.recordSelection(a, selected([first!]));
    expect(await catalog.frames.leftCandidates()).toEqual([]);
    await catalog.updateRound(a, { state: 'finished' });
    expect(await catalog.frames.leftCandidates()).toEqual(
      [second, third].map((frame) => ({ frameId: frame!.frameId, roundId: a })),
    );
  });

  it('that a later round selects belong to that round', async () => {
    const a = await round('a');
    const frames = await processed(a, 'file-1', 2);
    await catalog.updateRound(a, { state: 'finished' });
    const b = await round('b');
    await catalog.frames.recordSelection(b, selected(frames.slice(0, 1)));
    await catalog.frames.recordUpload(b);
    expect((await catalog.summary()).frames).toEqual({ uploaded: 1, candidate: 1 });
    // its own frames are no reason for a round to leave them out, when it selects again after a crash
    expect(await catalog.frames.labelledFrames(b)).toEqual([]);
  });

  it('that people have are not selected again', async () => {
    const a = await round('a');
    const frames = await processed(a, 'file-1', 1);
    await catalog.frames.recordSelection(a, selected(frames));
    await catalog.frames.recordUpload(a);
    await catalog.frames.recordSelection(await round('b'), selected(frames));
    expect((await catalog.summary()).frames).toEqual({ uploaded: 1 });
  });
});

describe('rounds', () => {
  const start = (workflowId: string, runId: string) =>
    catalog.ensureRound({
      workflowId,
      runId,
      folderOf: (id) => `/data/rounds/${id}`,
      startedAt: '2026-01-01T00:00:00Z',
    });

  it('one run is one round, however often its plan is made', async () => {
    const first = await start('x1', 'run-1');
    expect(first).toMatchObject({ id: 'x1', folder: '/data/rounds/x1', state: 'running' });
    expect(await start('x1', 'run-1')).toEqual(first);
    expect(await catalog.rounds()).toHaveLength(1);
  });

  it('a workflow id that is used again gets a folder of its own', async () => {
    await start('x1', '11111111-aaaa');
    expect(await start('x1', '22222222-bbbb')).toMatchObject({ id: 'x1-22222222', folder: '/data/rounds/x1-22222222' });
  });

  it('a workflow id with signs that no folder takes becomes one that does', async () => {
    expect((await start('../../etc/weekly: 06:00', 'run-1')).id).toBe('.._.._etc_weekly_06_00');
  });

  it('are listed newest first', async () => {
    for (const [index, id] of ['a', 'b', 'c'].entries()) await round(id, index);
    expect((await catalog.rounds(2)).map(({ id }) => id)).toEqual(['c', 'b']);
  });

  it('those whose labels nobody fetched are found, oldest first; finished, waiting and taskless ones are not', async () => {
    const states = ['finished', 'waiting', 'failed', 'uploaded', 'cancelled'] as const;
    for (const [index, state] of states.entries()) {
      const id = await round(state, index);
      // the failed one never got as far as a task
      await catalog.updateRound(id, {
        state,
        ...(state === 'failed' ? {} : { taskId: index + 1, taskUrl: 'http://x' }),
      });
    }
    expect(await catalog.unharvestedRounds()).toMatchObject([{ id: 'uploaded', taskId: 4 }, { id: 'cancelled' }]);
    await catalog.updateRound('uploaded', { state: 'finished' });
    expect(await catalog.unharvestedRounds()).toMatchObject([{ id: 'cancelled' }]);
    await catalog.updateRound('cancelled', { taskId: null });
    expect(await catalog.unharvestedRounds()).toEqual([]);
  });

  it('keep their result', async () => {
    const id = await round('a');
    await catalog.updateRound(id, { state: 'finished', counts: { frames: { sampled: 3 } }, endedAt: '2026-01-02' });
    const row = await catalog.round(id);
    expect(JSON.parse(row!.counts)).toEqual({ frames: { sampled: 3 } });
    expect((await catalog.roundsInState('finished')).map((each) => each.id)).toEqual([id]);
    expect(await catalog.round('none')).toBeUndefined();
  });
});

describe('opening', () => {
  it('a catalog that is there already keeps what it holds', async () => {
    await processed(await round('a'), 'file-1', 2);
    await catalog.close();
    catalog = await openCatalog(folder);
    expect(await catalog.summary()).toEqual({ videos: { processed: 1 }, frames: { candidate: 2 } });
  });

  it('a new one by several processes at once works for all', async () => {
    const fresh = path.join(folder, 'fresh');
    const opened = await Promise.all([openCatalog(fresh), openCatalog(fresh), openCatalog(fresh)]);
    for (const each of opened) {
      expect(await each.rounds()).toEqual([]);
      await each.close();
    }
  });

  it('a data folder that is a file is DATA_FOLDER_UNWRITABLE', async () => {
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    for (const place of [file, path.join(file, 'below')]) {
      await expect(openCatalog(place)).rejects.toMatchObject({
        code: 'DATA_FOLDER_UNWRITABLE',
        hint: expect.stringContaining('paths.data') as string,
      });
    }
  });

  it('a file that is no database is CATALOG_UNREADABLE, and is left as it is', async () => {
    const other = await mkdtemp(path.join(folder, 'other-'));
    await writeFile(path.join(other, 'catalog.sqlite'), 'this is no database, '.repeat(500));
    await expect(openCatalog(other)).rejects.toMatchObject({ code: 'CATALOG_UNREADABLE' });
  });
});
