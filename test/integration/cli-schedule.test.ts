import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { demoClip, shownError, startUp, temporalCli, type Up } from '../helpers/cli.js';
import { commandsIn } from '../helpers/docs.js';
import { until } from '../helpers/programs.js';

interface ScheduleRow {
  id: string;
  paused: boolean;
  next: string[];
  last: { at: string; workflowId: string; state: string; message?: string }[];
}

/** Hours (UTC) that are far from now: a schedule that came of itself would add a round to those that are counted. */
const [first = 0, second = 0] = [6, 9].map((ahead) => (new Date().getUTCHours() + ahead) % 24);

/** A round of this schedule takes frames only: nobody needs to review anything. */
const config = (hour = first) => ({
  sources: { files: [demoClip('day')] },
  schedules: [
    {
      id: 'nightly',
      cron: `30 ${hour} * * *`,
      timezone: 'UTC',
      jitter: '5s',
      config: {
        video: { framerate: 30 },
        steps: { upload_labels: { enabled: false }, download_labels: { enabled: false } },
      },
    },
  ],
});

let up: Up;
beforeAll(async () => {
  up = await startUp({ name: 'schedule', config: config() });
});
afterAll(() => up.stop());

describe('schedules', () => {
  it('are created, and updated when they are applied again', async () => {
    expect(await up.json('schedule', 'apply')).toEqual([{ id: 'nightly', action: 'created' }]);
    await untilNextRuns([first, first, first]);

    await writeFile(path.join(up.folder, 'config.yaml'), stringify(config(second)));
    expect(await up.json('schedule', 'apply')).toEqual([{ id: 'nightly', action: 'updated' }]);
    await untilNextRuns([second, second, second]);
    expect((await up.run('schedule', 'list')).stdout).toMatch(/^SCHEDULE[^]*nightly\s+active/);
  });

  it('stay paused when they are applied again, until they are resumed', async () => {
    await up.json('schedule', 'pause', 'nightly');
    await until('the schedule to be paused', async () => (await listed())?.paused);
    await up.json('schedule', 'apply');
    // The list may be a moment behind; this is not.
    const described = await temporalCli(
      up,
      ...['schedule', 'describe', '--schedule-id', 'nightly', '--output', 'json'],
    );
    expect(JSON.parse(described)).toMatchObject({ schedule: { state: { paused: true } } });
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

  it('make up for a time that is over, but never have more rounds open than max_open_rounds', async () => {
    // Ten nights. The clip was taken already, so those that run end for want of a new video.
    await up.json('schedule', 'backfill', 'nightly', '--from', '2026-01-01T00:00Z', '--to', '2026-01-11T00:00Z');
    const last = await until('the last rounds in the list', async () => {
      const all = (await up.json<{ id: string; state: string }[]>('rounds')).filter(({ state }) => state !== 'running');
      const rows = (await listed())?.last;
      return all.length === 11 && rows?.length === 3 && rows.every(({ state }) => state !== 'running') && rows;
    });
    const described = last.map(({ state, message }) => `${state}: ${message}`);
    for (const each of described)
      expect(each).toMatch(/^(finished: There was no new video|skipped: \d rounds are at work)/);
    await until('the newest of them in the list for people', async () => {
      const newest = (await listed())?.last[0];
      return (await up.run('schedule', 'list')).stdout.includes(`${newest?.state}: ${newest?.message}`);
    });
  });

  it('may as well be made and steered by the command line of Temporal, as the documentation shows it', async () => {
    const [create, ...others] = commandsIn('docs/configuration.md', 'temporal schedule');
    expect(others.map(([, , what]) => what)).toEqual(
      ['list', 'describe', 'toggle', 'toggle', 'trigger', 'backfill', 'delete'], // prettier-ignore
    );
    await temporalCli(up, ...(create ?? []).slice(1));
    const weekly = async () => (await up.json<ScheduleRow[]>('schedule', 'list')).find(({ id }) => id === 'weekly');
    const row = await until('the schedule in our list', weekly);
    // Mondays at six in Madrid, one hour before UTC in winter and two in summer.
    for (const time of row.next) expect([4, 5]).toContain(new Date(time).getUTCHours());
    for (const [, ...words] of others.slice(0, 3)) await temporalCli(up, ...words);
    await until('it to be paused', async () => (await weekly())?.paused);
    for (const [, ...words] of others.slice(3, -1)) await temporalCli(up, ...words);
    // Triggered, and one Monday made up for. A schedule that is deleted forgets what it has not started yet.
    await until('its rounds', async () => {
      const rounds = await up.json<{ id: string; state: string }[]>('rounds');
      const ended = rounds.filter(({ id, state }) => id.startsWith('active-learning-weekly') && state === 'finished');
      return ended.length >= 2;
    });
    await temporalCli(up, ...(others.at(-1) ?? []).slice(1));
    await until('it to be gone', async () => (await weekly()) === undefined);
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
    await writeFile(
      path.join(up.folder, 'config.yaml'),
      stringify({ schedules: [{ id: 'wrong', cron: '0 25 * * *', timezone: 'Europe/Atlantis' }] }),
    );
    const refused = await up.run('schedule', 'apply');
    expect({ exitCode: refused.exitCode, code: shownError(refused.stderr).code }).toEqual({
      exitCode: 2,
      code: 'CONFIG_INVALID',
    });
    expect(shownError(refused.stderr).message).toContain('schedule wrong');
    expect(await up.json('schedule', 'list')).toEqual([]);
  });

  it('leave one of another application alone that has the same id', async () => {
    const theirs = ['--schedule-id', 'nightly', '--workflow-id', 'invoices', '--type', 'Invoices', '--task-queue', 'x'];
    await temporalCli(up, 'schedule', 'create', '--interval', '1d', ...theirs);
    await writeFile(path.join(up.folder, 'config.yaml'), stringify(config()));
    const { exitCode, stderr } = await up.run('schedule', 'apply');
    expect({ exitCode, ...shownError(stderr) }).toMatchObject({
      ...{ exitCode: 2, code: 'CONFIG_INVALID' },
      message: expect.stringContaining('belongs to another application: it starts Invoices') as string,
    });
    expect(await temporalCli(up, 'schedule', 'describe', '--schedule-id', 'nightly')).toContain('Invoices');
    await temporalCli(up, 'schedule', 'delete', '--schedule-id', 'nightly');
  });

  it('are stored with the new encryption key when they are applied again, while the old one is at hand', async () => {
    const file = path.join(up.folder, '.env');
    const before = await readFile(file, 'utf8');
    const [first, second] = ['1', '2'].map((digit) => Buffer.from(digit.repeat(32)).toString('base64'));
    const applyWith = async (key?: string, old = '') => {
      const keys = `FRAMELOOP_ENCRYPTION_KEY=${key}\nFRAMELOOP_ENCRYPTION_OLD_KEYS=${old}\n`;
      await writeFile(file, before + keys);
      return up.run('schedule', 'apply');
    };
    try {
      expect((await applyWith(first)).stdout).toContain('nightly: created');
      const { exitCode, stderr } = await applyWith(second);
      expect({ exitCode, ...shownError(stderr) }).toMatchObject({
        ...{ exitCode: 2, code: 'ENCRYPTION_KEY_UNKNOWN' },
        hint: expect.stringContaining('frameloop schedule delete nightly') as string,
      });
      expect((await applyWith(second, first)).stdout).toContain('nightly: updated');
      expect((await applyWith(second)).stdout).toContain('nightly: updated');
      await up.json('schedule', 'delete', 'nightly');
    } finally {
      await writeFile(file, before);
    }
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
    await writeFile(path.join(up.folder, 'config.yaml'), stringify(config()));
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
