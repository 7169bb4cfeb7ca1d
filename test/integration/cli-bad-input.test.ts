import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { findTool } from '../../src/tools/index.js';
import {
  completeJobs,
  demoClip,
  demoModel,
  makeFolder,
  shownError,
  startUp,
  untilStatus,
  untilWaiting,
  type Up,
} from '../helpers/cli.js';
import { expectNoneLeft } from '../helpers/files.js';

/**
 * Rounds that meet bad input, against one `frameloop up`. The model is a file in the working folder, so that a test can
 * take it away and put it back, as a user would.
 */
let up: Up;
let model: string;

beforeAll(async () => {
  up = await startUp({
    name: 'bad-input',
    config: { video: { framerate: 20 }, cvat: { poll: '1s', settle: '0.2s' }, sources: { files: ['videos'] } },
    env: { MODEL_PATH: 'model.onnx' },
    prepare: async (folder) => {
      await makeFolder(folder, 'videos');
      await copyFile(demoModel, path.join(folder, 'model.onnx'));
    },
  });
  model = path.join(up.folder, 'model.onnx');
});
afterAll(async () => {
  const { exitCode } = await up.stop();
  expect(exitCode).toBe(0);
});

/** Runs a round that must end with this error. */
async function failedRound(code: string, exitCode: number, ...args: string[]) {
  const result = await up.run('start', '--wait', ...args);
  const error = shownError(result.stderr);
  expect(error.code).toBe(code);
  expect(result.exitCode).toBe(exitCode);
  expect(error.message).toMatch(/\.$/);
  expect(error.hint).toMatch(/\w/);
  expect(error.message).not.toContain(error.hint);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.stdout).toBe('');
  return error;
}

describe('a round that cannot begin', () => {
  it('names an unknown key of --set and the nearest known one', async () => {
    const { message } = await failedRound('CONFIG_INVALID', 2, '--set', 'selection.budged=3');
    expect(message).toContain('"selection.budget"');
  });

  it('names a wrong type in --set', async () => {
    const { message } = await failedRound('CONFIG_INVALID', 2, '--set', 'video.framerate=often');
    expect(message).toContain('"video.framerate"');
  });

  it('tells that there is no model, or none that is one, and works again once it is there', async () => {
    await rm(model);
    expect((await failedRound('MODEL_NOT_FOUND', 2)).message).toContain(model);
    await writeFile(model, 'weights, honestly');
    expect((await failedRound('MODEL_NOT_ONNX', 2)).message).toContain(model);
    await copyFile(demoModel, model);
    // The next thing that is wrong is told now: the model is accepted.
    await failedRound('NO_VIDEOS_FOUND', 2);
  });

  it('tells that a folder holds no video, and which names would count', async () => {
    const folder = await makeFolder(up.folder, 'notes');
    await writeFile(path.join(folder, 'notes.txt'), 'no video');
    const { message, hint } = await failedRound('NO_VIDEOS_FOUND', 2, folder);
    expect(message).toContain(folder);
    expect(hint).toContain('mp4');
  });

  it('tells that a video is not there', async () => {
    const { message } = await failedRound('VIDEO_NOT_FOUND', 2, 'gone.mp4');
    expect(message).toContain(path.join(up.folder, 'gone.mp4'));
  });

  it('refuses an id that is taken by a round that runs', async () => {
    await up.json('start', '--id', 'taken', demoClip('night'));
    const taskId = await untilWaiting(up, 'taken');
    const { stderr, exitCode } = await up.run('start', '--id', 'taken');
    expect(shownError(stderr).code).toBe('ROUND_RUNS_ALREADY');
    expect(exitCode).toBe(1);
    await completeJobs(await up.cvat(), taskId);
    await untilStatus(up, 'taken', 'finished', ({ state }) => state === 'COMPLETED');
  });

  it('leaves no half-done round behind: each is listed as failed, and the data folder holds no stray files', async () => {
    const rounds = await up.json<{ id: string; state: string }[]>('rounds');
    expect(rounds.filter(({ state }) => !['failed', 'finished'].includes(state))).toEqual([]);
    await expectNoneLeft(up.dataFolder, /\.tmp|\.part/);
  });
});

describe('a round with bad videos among good ones', () => {
  it('processes the good one and names each bad one with its code', async () => {
    const folder = await makeFolder(up.folder, 'mixed');
    const text = path.join(folder, 'a-text.mp4');
    const audio = path.join(folder, 'b-audio.mp4');
    await writeFile(text, 'Dear diary, this is no video.\n'.repeat(100));
    const { path: ffmpeg } = await findTool('ffmpeg');
    await execa(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=2', '-c:a', 'aac', audio]);
    await copyFile(demoClip('day'), path.join(folder, 'c-match.mp4'));
    const before = await contents(folder);

    const { exitCode, stdout, stderr } = await withReviewer('mixed', () =>
      up.run('start', '--wait', '--json', '--id', 'mixed', folder),
    );
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const result = JSON.parse(stdout) as {
      state: string;
      videos: { found: number; processed: number; failed: { video: string; code: string; message: string }[] };
      dataset: { frames: number };
    };
    expect(result.state).toBe('finished');
    expect(result.videos).toMatchObject({ found: 3, processed: 1 });
    const failed = [...result.videos.failed].sort((one, other) => one.video.localeCompare(other.video));
    expect(failed.map(({ video, code }) => ({ video, code }))).toEqual([
      { video: 'a-text', code: 'VIDEO_UNUSABLE' },
      { video: 'b-audio', code: 'VIDEO_UNUSABLE' },
    ]);
    expect(failed[1]?.message).toContain('only audio');
    // People read the same.
    const shown = await up.run('status', 'mixed');
    expect(shown.stdout).toMatch(/failed\s+a-text: .*\[VIDEO_UNUSABLE\]/);
    // Somebody's own files are not touched.
    expect(await contents(folder)).toEqual(before);
  });

  it('does not try the bad ones again', async () => {
    const { stdout } = await up.run('start', '--wait', '--json', path.join(up.folder, 'mixed'));
    expect(JSON.parse(stdout)).toMatchObject({ state: 'finished', videos: { found: 0, processed: 0, failed: [] } });
  });
});

describe('a wrong token for the annotation server', () => {
  const token = 'wrong-but-well-formed-token-0123456789';
  let server: ReviewServer;
  let other: Up;
  beforeAll(async () => {
    server = await startReviewServer({ dataFolder: path.join(up.folder, 'other-server') });
    other = await startUp({
      name: 'wrong-token',
      config: { sources: { files: [demoClip('day')] } },
      env: { CVAT_HOST: server.url, CVAT_TOKEN: token },
    });
  });
  afterAll(async () => {
    await other.stop();
    await server.close();
  });

  it('ends the round before any work is done, and never shows the token', async () => {
    const result = await other.run('start', '--wait', '--id', 'refused');
    const { code, hint } = shownError(result.stderr);
    expect(code).toBe('CVAT_AUTH');
    expect(hint).toContain('CVAT_TOKEN');
    expect(result.exitCode).toBe(2);
    const { stdout: history } = await execa((await findTool('temporal')).path, [
      ...['workflow', 'show', '--workflow-id', 'refused', '--output', 'json', '--address', other.address],
    ]);
    const log = await readFile(path.join(other.dataFolder, 'pipeline.log'), 'utf8');
    for (const text of [result.stderr, history, log]) expect(text).not.toContain(token);
    expect(await readdir(other.dataFolder)).not.toContain('frames');
    expect(await readdir(other.dataFolder)).not.toContain('review');
  });

  it('is found by doctor, with what to do, and so is a class that the model has not', async () => {
    await writeFile(path.join(other.folder, 'typo.yaml'), 'cvat: { thresholds: { bal: 0.5 } }');
    const { exitCode, stdout } = await other.run('doctor', '--json', '--config', 'typo.yaml');
    expect(exitCode).toBe(1);
    const { ok, checks } = JSON.parse(stdout) as {
      ok: boolean;
      checks: { name: string; ok: boolean; detail: string; fix?: string }[];
    };
    expect(ok).toBe(false);
    const bad = checks.filter((check) => !check.ok);
    expect(bad.map(({ name }) => name)).toEqual(['model', 'annotation server']);
    expect(bad[0]?.detail).toContain('cvat.thresholds names "bal", which the model does not know. [CLASS_UNKNOWN]');
    expect(bad[0]?.fix).toContain('ball');
    expect(bad[1]?.detail).toContain('[CVAT_AUTH]');
    expect(bad[1]?.fix).toContain('CVAT_TOKEN');
    expect(stdout).not.toContain(token);
  });
});

/** Completes the task of a round while `work` waits for the round. */
async function withReviewer<T>(id: string, work: () => Promise<T>): Promise<T> {
  const working = work();
  const reviewing = untilWaiting(up, id).then(async (taskId) => completeJobs(await up.cvat(), taskId));
  const [result] = await Promise.all([working, reviewing]);
  return result;
}

/** Names and content of the files in a folder. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of await readdir(folder)) {
    files[name] = createHash('sha256')
      .update(await readFile(path.join(folder, name)))
      .digest('hex');
  }
  return files;
}
