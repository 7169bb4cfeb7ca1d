import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { validateDataset } from '../../src/dataset/index.js';
import {
  completeJobs,
  cutClip,
  demoClip,
  makeFolder,
  shownError,
  startUp,
  temporalCli,
  untilBetweenPolls,
  untilStatus,
  untilWaiting,
  type Up,
} from '../helpers/cli.js';
import { expectNoneLeft } from '../helpers/files.js';
import { FrameGate } from '../helpers/frame-gate.js';
import { temporaryFolder } from '../helpers/programs.js';

/** The round looks by itself once an hour: within a test only a hint can end its wait, unless the round says otherwise. */
let up: Up;
/** Where a round is to be held in the middle of a video; open, unless a test shuts it. */
let gate: FrameGate;
let removeGate: () => Promise<void>;

beforeAll(async () => {
  const { folder: gateFolder, remove } = await temporaryFolder('gate');
  removeGate = remove;
  gate = await FrameGate.create(gateFolder, 1);
  await gate.open();
  up = await startUp({
    name: 'rounds',
    processEnv: gate.env,
    config: {
      sources: { files: ['videos'] },
      video: { framerate: 14 },
      cvat: { poll: '1h', settle: '0.2s', segment_size: 3 },
      concurrency: { videos: 1 },
    },
    prepare: async (folder) => copyFile(demoClip('day'), path.join(await makeFolder(folder, 'videos'), 'match.mp4')),
  });
});
afterAll(async () => {
  await up?.stop();
  await removeGate();
});

/** A round that ends with its frames. */
const withoutPeople = ['steps.upload_labels.enabled=false', 'steps.download_labels.enabled=false'];

const start = ['workflow', 'start', '--type', 'ActiveLearningWorkflow', '--task-queue', 'active-learning'];

async function finished(id: string) {
  const { result } = await untilStatus(up, id, 'finished', ({ state }) => state !== 'RUNNING');
  expect(result).toMatchObject({ state: 'finished' });
  // Nobody changed anything, so what is kept are the frames with pre-labels, each box as the model gave it.
  const { review, clean, dataset, task } = result as Record<string, Record<string, number>>;
  expect(review?.boxes).toBe(task?.preLabels);
  expect(dataset?.added).toBe(clean?.kept);
  expect(dataset?.added).toBeGreaterThan(0);
  return result as { frames: { sampled: number; selected: number }; dataset: { frames: number } };
}

describe('the end of the wait for people', () => {
  it('comes at once by `frameloop complete`, in a round started by Temporal’s own command line without any input', async () => {
    await temporalCli(up, ...start, '--workflow-id', 'x1');
    const taskId = await untilWaiting(up, 'x1');
    await untilBetweenPolls(up, taskId);
    // 60 s of film, one frame every 14 s: at 0, 14, 28, 42 and 56 s; at three frames a job that is two jobs.
    expect(await completeJobs(await up.cvat(), taskId)).toBe(2);

    const status = await up.json<{ state: string; progress: { stage: string; task: object }; nextPollAt: string }>(
      'status',
      'x1',
    );
    expect(status).toMatchObject({
      state: 'RUNNING',
      progress: { stage: 'waiting', task: { id: taskId, jobsTotal: 2 } },
    });
    expect(Date.parse(status.nextPollAt)).toBeGreaterThan(Date.now() + 50 * 60_000);
    expect((await up.run('status', 'x1')).stdout).toContain('frameloop complete x1');

    expect(await up.json('complete', 'x1')).toEqual({ workflowId: 'x1', signal: 'annotationCompleted' });
    expect((await finished('x1')).frames).toMatchObject({ sampled: 5, selected: 5 });
  });

  it('comes at once by a signal of Temporal’s own command line', async () => {
    await up.json('start', '--id', 'x2', demoClip('night'));
    const taskId = await untilWaiting(up, 'x2');
    await untilBetweenPolls(up, taskId);
    await completeJobs(await up.cvat(), taskId);
    await temporalCli(up, 'workflow', 'signal', '--workflow-id', 'x2', '--name', 'annotationCompleted');
    await finished('x2');
  });

  it('does not come by a hint alone: the annotation server is asked, and decides', async () => {
    const clip = await cutClip(path.join(up.folder, 'early.mp4'), 'day', 31, 6);
    await up.json('start', '--id', 'early', clip);
    const taskId = await untilWaiting(up, 'early');
    const poll = await untilBetweenPolls(up, taskId);
    await up.json('complete', 'early');
    await untilBetweenPolls(up, taskId, poll);
    expect((await up.json<{ progress: object }>('status', 'early')).progress).toMatchObject({ stage: 'waiting' });
    await completeJobs(await up.cvat(), taskId);
    await up.json('complete', 'early');
    await finished('early');
  });

  it('comes by the clock alone, in a round with an input of its own', async () => {
    const input = { config: { cvat: { poll: '1s', settle: '0.2s' } }, videos: [demoClip('mixed')] };
    await temporalCli(up, ...start, '--workflow-id', 'x3', '--input', JSON.stringify(input));
    await completeJobs(await up.cvat(), await untilWaiting(up, 'x3'));
    await finished('x3');
  });

  it('leaves one valid dataset of all rounds', async () => {
    const validation = await validateDataset(path.join(up.dataFolder, 'dataset'));
    expect(validation).toMatchObject({ ok: true, problems: [] });
    const { result } = await up.json<{ result: { dataset: { frames: number } } }>('status', 'x3');
    expect(validation.frames).toBe(result.dataset.frames);
  });
});

describe('the rounds so far', () => {
  it('are listed newest first, with how they ended and what came of them', async () => {
    const rounds = await up.json<{ id: string; state: string; taskId: number; result: object }[]>('rounds');
    expect(rounds.map(({ id, state }) => ({ id, state }))).toEqual(
      ['x3', 'early', 'x2', 'x1'].map((id) => ({ id, state: 'finished' })),
    );
    expect(new Set(rounds.map(({ taskId }) => taskId)).size).toBe(4);
    expect(rounds[3]?.result).toMatchObject({ videos: { found: 1, processed: 1 }, frames: { sampled: 5 } });
    expect((await up.json<unknown[]>('rounds', '--limit', '2')).length).toBe(2);
    const { stdout } = await up.run('rounds');
    expect(stdout.split('\n')).toHaveLength(5);
    expect(stdout).toMatch(/^ROUND\s+STATE/);
  });

  it('are answered for by id only where there is one', async () => {
    for (const command of ['status', 'complete', 'cancel']) {
      const { exitCode, stderr } = await up.run(command, 'nobody');
      expect({ command, exitCode, code: shownError(stderr).code }).toEqual({
        command,
        exitCode: 1,
        code: 'ROUND_NOT_FOUND',
      });
    }
  });

  it('a round that finds nothing new says so and adds nothing', async () => {
    const { exitCode, stdout } = await up.run('start', '--wait');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('There was no new video.');
  });
});

describe('pause', () => {
  it('lets no new video start until the round is resumed', async () => {
    const folder = await makeFolder(up.folder, 'many');
    for (let index = 0; index < 6; index += 1) await cutClip(path.join(folder, `${index}.mp4`), 'night', index * 5, 8);
    const settings = [
      'video.framerate=0.8',
      'steps.upload_labels.enabled=false',
      'steps.download_labels.enabled=false',
    ];
    await gate.shut();
    await up.json('start', folder, '--id', 'paused', '--set', ...settings);
    await untilStatus(up, 'paused', 'at work', ({ progress }) => progress?.videos.inFlight.length);
    await up.json('pause', 'paused');
    await gate.open();
    const idle = await untilStatus(
      up,
      'paused',
      'idle',
      ({ progress }) => progress?.paused && progress.videos.found === 6 && progress.videos.inFlight.length === 0,
    );
    expect(idle.progress?.videos.done).toBe(1);
    await sleep(2_000);
    const later = await up.json<{ progress: object }>('status', 'paused');
    expect(later.progress).toEqual(idle.progress);

    await up.json('resume', 'paused');
    const { result } = await untilStatus(up, 'paused', 'finished', ({ state }) => state !== 'RUNNING');
    expect(result).toMatchObject({ state: 'finished', videos: { found: 6, processed: 6, failed: [] } });
  });
});

describe('cancel', () => {
  it('in the middle of the work gives the videos back, and the next round takes them', async () => {
    const folder = await makeFolder(up.folder, 'given-back');
    for (let index = 0; index < 3; index += 1) await cutClip(path.join(folder, `${index}.mp4`), 'mixed', index * 5, 7);
    await gate.shut();
    const waiting = up.run('start', folder, '--wait', '--id', 'cancelled', '--set', 'video.framerate=1');
    await untilStatus(up, 'cancelled', 'at work', ({ progress }) => progress?.videos.inFlight.length);
    await up.json('cancel', 'cancelled');
    const { exitCode, stderr } = await waiting;
    await gate.open();
    expect({ exitCode, code: shownError(stderr).code }).toEqual({ exitCode: 1, code: 'ROUND_CANCELLED' });
    expect(await up.json('status', 'cancelled')).toMatchObject({ state: 'CANCELLED' });
    expect(await stateOf('cancelled')).toBe('cancelled');
    await expectNoneLeft(up.dataFolder, /\.tmp/);

    const { exitCode: again, stdout } = await up.run('start', folder, '--wait', '--json', '--set', ...withoutPeople);
    expect(again).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'finished', videos: { found: 3, processed: 3, failed: [] } });
  });

  it('while people are at work leaves their task alone, and a later round can fetch it', async () => {
    const clip = await cutClip(path.join(up.folder, 'with-people.mp4'), 'mixed', 17, 3);
    await up.json('start', clip, '--id', 'left-alone');
    const taskId = await untilWaiting(up, 'left-alone');
    const { stdout } = await up.run('cancel', 'left-alone');
    expect(stdout).toContain(`/tasks/${taskId}`);
    await untilStatus(up, 'left-alone', 'cancelled', ({ state }) => state === 'CANCELLED');
    expect(await stateOf('left-alone')).toBe('cancelled');
    const cvat = await up.cvat();
    expect(await cvat.json('GET', `/api/tasks/${taskId}`)).toMatchObject({ id: taskId });

    // Its frames are with people: they are not sent a second time.
    expect((await up.run('start', clip, '--wait')).stdout).toContain('There was no new video.');

    await up.json('start', '--id', 'fetcher', '--set', ...onlyFetch);
    expect(await untilWaiting(up, 'fetcher')).toBe(taskId);
    // Somebody waits for it already, so there is none for the next one.
    const late = JSON.parse((await up.run('start', '--wait', '--json', '--set', ...onlyFetch)).stdout) as object;
    expect(late).toMatchObject({ state: 'finished', message: expect.stringContaining('0 frames sampled') as string });

    await completeJobs(cvat, taskId);
    await up.run('complete', 'fetcher');
    const { result } = await untilStatus(up, 'fetcher', 'finished', ({ state }) => state !== 'RUNNING');
    const { dataset, clean } = result as Record<string, Record<string, number>>;
    expect(dataset?.added).toBe(clean?.kept);
    expect(dataset?.added).toBeGreaterThan(0);
    expect(await stateOf('left-alone')).toBe('finished');
  });

  it('while people are at work, and then a release, gives their frames to the next round', async () => {
    const clip = await cutClip(path.join(up.folder, 'given-up.mp4'), 'night', 40, 3);
    await up.json('start', clip, '--id', 'given-up');
    const taskId = await untilWaiting(up, 'given-up');
    await refused('given-up', 'ROUND_OPEN');
    await up.json('cancel', 'given-up');
    await untilStatus(up, 'given-up', 'cancelled', ({ state }) => state === 'CANCELLED');

    const released = await up.json('release', 'given-up');
    expect(released).toMatchObject({ videos: 1, frames: 1, task: { id: taskId } });
    await refused('given-up', 'ROUND_WITHOUT_TASK');
    await refused('nobody', 'ROUND_UNKNOWN');
    expect((await up.run('start', '--wait', '--set', ...onlyFetch)).stdout).toContain('0 frames sampled');

    // The next round has a configuration of its own.
    const other = { sources: { files: ['given-up.mp4'] }, cvat: { task_name: 'other' } };
    await writeFile(path.join(up.folder, 'other.yaml'), stringify({ ...other, schedules: [{ id: 'x', every: '1d' }] }));
    await up.json('start', '--config', 'other.yaml', '--set', 'video.framerate=2', '--id', 'taker');
    const again = await untilWaiting(up, 'taker');
    const cvat = await up.cvat();
    expect(await cvat.json('GET', `/api/tasks/${again}`)).toMatchObject({ name: 'other (taker)' });
    const names = async (id: number) => (await cvat.json<Meta>('GET', `/api/tasks/${id}/data/meta`)).frames;
    expect(await names(again)).toEqual(expect.arrayContaining(await names(taskId)));
    expect(await names(again)).toHaveLength(2);
    await completeJobs(cvat, again);
    await up.run('complete', 'taker');
    const { result } = await untilStatus(up, 'taker', 'finished', ({ state }) => state !== 'RUNNING');
    expect(result).toMatchObject({ state: 'finished', videos: { processed: 1 }, review: { notReviewed: 0 } });
  });

  it('of a round that has ended says so', async () => {
    const { exitCode, stderr } = await up.run('cancel', 'x1');
    expect({ exitCode, code: shownError(stderr).code }).toEqual({ exitCode: 1, code: 'ROUND_ENDED' });
  });

  interface Meta {
    frames: { name: string }[];
  }

  async function refused(id: string, code: string): Promise<void> {
    const { exitCode, stderr } = await up.run('release', id);
    expect({ ended: exitCode === 0, code: shownError(stderr).code }).toEqual({ ended: false, code });
  }

  const onlyFetch = ['download_videos', 'process_videos', 'upload_labels'].map((step) => `steps.${step}.enabled=false`);

  async function stateOf(id: string): Promise<string | undefined> {
    return (await up.json<{ id: string; state: string }[]>('rounds')).find((round) => round.id === id)?.state;
  }
});
