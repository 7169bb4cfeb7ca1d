import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  completeJobs,
  cutClip,
  makeFolder,
  startUp,
  untilBetweenPolls,
  untilStatus,
  untilWaiting,
  type Up,
} from '../helpers/cli.js';
import { until } from '../helpers/programs.js';
import { noBrowser, screenshot, startBrowser } from './browser.js';

/** Without a command of ours: everything is done in Temporal's own pages, as `up` serves them. */
describe.skipIf(noBrowser !== undefined)('in the Temporal UI', () => {
  let up: Up;
  let browser: Browser;
  let page: Page;
  const videos = () => path.join(up.folder, 'videos');

  beforeAll(async () => {
    up = await startUp({
      name: 'temporal-ui',
      // The round looks by itself once an hour: within the test only a signal can end its wait.
      config: { sources: { files: ['videos'] }, video: { framerate: 2 }, cvat: { poll: '1h', settle: '0.2s' } },
      prepare: async (folder) => {
        await cutClip(path.join(await makeFolder(folder, 'videos'), 'day.mp4'), 'day', 0, 6);
      },
    });
    browser = await startBrowser();
    page = await browser.newPage({ baseURL: up.temporalUi, viewport: { width: 1400, height: 1000 } });
    page.setDefaultTimeout(90_000);
    // Its pages are looked at, not what they may want to know of the rest of the world.
    await page.route(
      ({ hostname }) => hostname !== '127.0.0.1',
      (route) => route.abort(),
    );
  });
  afterAll(async () => {
    await browser?.close();
    await up?.stop();
  });

  const open = (rest: string) => page.goto(`/namespaces/default/${rest}`);
  const fill = async (fields: Record<string, string>) => {
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
  };
  const press = (name: string, exact = true) => page.getByRole('button', { name, exact }).click();
  const choose = (name: string) => page.getByRole('menuitem', { name, exact: true }).click();

  test('a round is started by hand, and told that people are done', async () => {
    await open('workflows/start-workflow');
    await fill({
      'Workflow ID': 'by-hand',
      'Task Queue': 'active-learning',
      'Workflow Type': 'ActiveLearningWorkflow',
    });
    // What tells so moves the button.
    await page.getByText('Task Queue is Active').waitFor();
    await press('Start Workflow');
    await page.getByRole('link', { name: 'Workflow started successfully' }).waitFor();
    const taskId = await untilWaiting(up, 'by-hand');
    await untilBetweenPolls(up, taskId);
    await completeJobs(await up.cvat(), taskId);

    await open('workflows/by-hand');
    // Where the round stands, in words.
    await page
      .getByText(/waiting/i)
      .first()
      .waitFor();
    await screenshot(page, 'temporal-round');
    await press('More Actions');
    await choose('Send a Signal');
    // The signals that the workflow knows are offered by name.
    const dialog = page.getByRole('dialog', { name: 'Send a Signal' });
    await dialog.getByTestId('signal-select-button').click();
    await dialog.getByRole('option', { name: 'annotationCompleted', exact: true }).click();
    await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
    const { result } = await untilStatus(up, 'by-hand', 'over', ({ state }) => state !== 'RUNNING');
    expect(result).toMatchObject({ state: 'finished', videos: { processed: 1 } });
  });

  test('a schedule is made and triggered, and starts rounds', async () => {
    await open('schedules/create');
    await fill({
      'Schedule Name': 'weekly',
      'Workflow Type': 'ActiveLearningWorkflow',
      'Workflow ID': 'active-learning-weekly',
      'Task Queue': 'active-learning',
    });
    // What the page itself offers depends on the day.
    await page.getByRole('textbox', { name: 'Cron expression', exact: true }).fill('30 4 * * 1');
    await press('Create Schedule');
    await until('the schedule', async () =>
      (await up.json<{ id: string }[]>('schedule', 'list')).some(({ id }) => id === 'weekly'),
    );

    await copyFile(await cutClip(path.join(up.folder, 'night.mp4'), 'night', 0, 6), path.join(videos(), 'night.mp4'));
    await open('schedules/weekly');
    await page.locator('#schedule-actions-menu-button').click();
    await choose('Trigger');
    await page.getByRole('dialog').getByRole('button', { name: 'Trigger', exact: true }).click();
    const round = await until('the round of the schedule', async () =>
      (await up.json<{ id: string; state: string }[]>('rounds')).find(
        ({ id, state }) => id.startsWith('active-learning-weekly-20') && state === 'waiting',
      ),
    );
    expect(round.state).toBe('waiting');
  });
});
