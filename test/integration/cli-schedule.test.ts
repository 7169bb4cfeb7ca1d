import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { demoClip, shownError, startUp, type Up } from '../helpers/cli.js';
import { until } from '../helpers/programs.js';

interface ScheduleRow {
  id: string;
  paused: boolean;
  next: string[];
}

/** A round of this schedule takes frames only: nobody needs to review anything. */
const config = (cron: string) => ({
  sources: { files: [demoClip('day')] },
  schedules: [
    {
      id: 'nightly',
      cron,
      timezone: 'UTC',
      config: {
        video: { framerate: 30 },
        steps: { upload_labels: { enabled: false }, download_labels: { enabled: false } },
      },
    },
  ],
});

let up: Up;
beforeAll(async () => {
  up = await startUp({ name: 'schedule', config: config('0 3 * * *') });
});
afterAll(() => up.stop());

describe('schedules', () => {
  it('are created, and updated when they are applied again', async () => {
    expect(await up.json('schedule', 'apply')).toEqual([{ id: 'nightly', action: 'created' }]);
    await untilNextRuns([3, 3, 3]);

    await writeFile(path.join(up.folder, 'config.yaml'), stringify(config('30 6 * * *')));
    expect(await up.json('schedule', 'apply')).toEqual([{ id: 'nightly', action: 'updated' }]);
    await untilNextRuns([6, 6, 6]);
    expect((await up.run('schedule', 'list')).stdout).toMatch(/^SCHEDULE[^]*nightly\s+active/);
  });

  it('stay paused when they are applied again, until they are resumed', async () => {
    await up.json('schedule', 'pause', 'nightly');
    await up.json('schedule', 'apply');
    expect((await listed())?.paused).toBe(true);
    await up.json('schedule', 'resume', 'nightly');
    await until('the schedule to be active', async () => (await listed())?.paused === false);
  });

  it('really run a round with their own settings when they are triggered', async () => {
    await up.json('schedule', 'trigger', 'nightly');
    const round = await until('a round of the schedule to end', async () => {
      const rounds = await up.json<{ id: string; state: string; result: object }[]>('rounds');
      return rounds.find(({ state }) => state !== 'running');
    });
    expect(round.id).toMatch(/^active-learning-nightly-/);
    // 60 s of film, a frame every 30 s.
    expect(round).toMatchObject({ state: 'finished', taskId: null, result: { frames: { sampled: 2, selected: 0 } } });
  });

  it('are gone when they are deleted, and told to be', async () => {
    expect(await up.json('schedule', 'delete', 'nightly')).toEqual({ id: 'nightly', action: 'delete' });
    await until('the list to be empty', async () => (await listed()) === undefined);
    for (const command of ['trigger', 'delete']) {
      const { exitCode, stderr } = await up.run('schedule', command, 'nightly');
      expect({ command, exitCode, code: shownError(stderr).code }).toEqual({
        command,
        exitCode: 1,
        code: 'SCHEDULE_NOT_FOUND',
      });
    }
  });

  it('that could not run are refused before they are made', async () => {
    const wrong = { schedules: [{ id: 'wrong', every: '1d', config: { vidoe: { framerate: 1 } } }] };
    await writeFile(path.join(up.folder, 'config.yaml'), stringify(wrong));
    const { exitCode, stderr } = await up.run('schedule', 'apply');
    expect({ exitCode, code: shownError(stderr).code }).toEqual({ exitCode: 2, code: 'CONFIG_INVALID' });
    expect(stderr).toContain('"video"');
    expect(await up.json('schedule', 'list')).toEqual([]);
  });

  async function listed(): Promise<ScheduleRow | undefined> {
    return (await up.json<ScheduleRow[]>('schedule', 'list')).find(({ id }) => id === 'nightly');
  }

  /** The list follows a change after a moment. */
  async function untilNextRuns(hours: number[]): Promise<void> {
    await until(`the next runs to be at ${hours.join()}`, async () => {
      const next = (await listed())?.next.map((time) => new Date(time).getUTCHours());
      return next?.join() === hours.join();
    });
  }
});

describe('doctor', () => {
  interface Report {
    ok: boolean;
    checks: { name: string; ok: boolean; detail: string; fix?: string }[];
  }
  const names = ['node', 'ffmpeg', 'ffprobe', 'yt-dlp', 'temporal', 'configuration', 'model', 'data folder'];

  it('finds everything in order beside `up`', async () => {
    await writeFile(path.join(up.folder, 'config.yaml'), stringify(config('0 3 * * *')));
    const report = await up.json<Report>('doctor');
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.checks.map(({ name }) => name)).toEqual([...names, 'Temporal server', 'annotation server']);
    expect(Object.keys(report).sort()).toEqual(['checks', 'ok']);
  });

  it('names everything that is wrong at once, each with what to do', async () => {
    await writeFile(path.join(up.folder, '.env'), 'MODEL_PATH=gone.onnx\nCVAT_HOST=http://127.0.0.1:9\n');
    const { exitCode, stdout } = await up.run('doctor', '--json');
    expect(exitCode).toBe(1);
    const { ok, checks } = JSON.parse(stdout) as Report;
    expect(ok).toBe(false);
    const wrong = checks.filter((check) => !check.ok);
    expect(wrong.map(({ name, detail }) => [name, /\[(\w+)\]$/.exec(detail)?.[1]])).toEqual([
      ['model', 'MODEL_NOT_FOUND'],
      ['annotation server', 'CVAT_CREDENTIALS_MISSING'],
    ]);
    for (const { fix } of wrong) expect(fix).toMatch(/\w/);
    await rm(path.join(up.folder, '.env'));
  });
});
