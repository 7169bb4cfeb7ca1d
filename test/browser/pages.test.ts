import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openWindow, ReviewWindow, screenshot, startBrowser } from './browser.js';
import { startPipelineDesk, type PipelineDesk } from './pipeline-desk.js';

interface AxeResult {
  violations: { id: string; impact: string; help: string; nodes: { html: string }[] }[];
}

const sizes = [
  { name: '1280', width: 1280, height: 720 },
  { name: '1920', width: 1920, height: 1080 },
  { name: '4k', width: 3840, height: 2160 },
  // What a window of 1280 x 720 has left at a zoom of 200 %.
  { name: 'zoom-200', width: 640, height: 360 },
];

describe.skipIf(noBrowser !== undefined)('the pages', () => {
  let browser: Browser;
  let desk: PipelineDesk;

  beforeAll(async () => {
    browser = await startBrowser();
    desk = await startPipelineDesk();
  });

  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  /** Each page, what shows that it is there, and what is to be pressed on it. */
  const pages: { name: string; path: () => string; ready: string; keys?: string[] }[] = [
    { name: 'tasks', path: () => '/', ready: '.job-card' },
    { name: 'review', path: () => desk.reviewPath, ready: '.stage[data-shown]', keys: ['.'] },
    { name: 'help', path: () => desk.reviewPath, ready: '.stage[data-shown]', keys: ['?'] },
    { name: 'finish', path: () => desk.reviewPath, ready: '.stage[data-shown]', keys: ['Control+Enter'] },
    { name: 'rounds', path: () => '/rounds', ready: '.round' },
    { name: 'dataset', path: () => '/dataset', ready: '.contact-grid li' },
  ];

  const seriousFaults = async (page: Page) => {
    // Beside the page's own policy, which lets no foreign script in.
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResult>('axe.run(document, { resultTypes: ["violations"] })');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, help, nodes }) =>
          `${id}: ${help}: ${nodes
            .map(({ html }) => html)
            .join(' ')
            .slice(0, 300)}`,
      );
  };

  test.each(pages)(
    '$name: no error, no serious accessibility fault in light and dark, and it fits every window',
    async ({ name, path, ready, keys = [] }) => {
      const { page, complaints } = await openWindow(browser, { ...desk.server, path: path() });
      await page.waitForSelector(ready);
      await page.waitForLoadState('networkidle');
      for (const key of keys) await page.keyboard.press(key);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        expect(await seriousFaults(page), colorScheme).toEqual([]);
        await screenshot(page, `${name}-${colorScheme}`);
      }
      for (const { name: size, width, height } of sizes) {
        await page.setViewportSize({ width, height });
        // Nothing is cut off at the side, and nothing has to be scrolled sideways but the filmstrip.
        const beyond = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        // What measures itself is drawn anew after the window has its size.
        await expect.poll(beyond, { message: size, timeout: 30_000 }).toBeLessThanOrEqual(0);
        await screenshot(page, `${name}-${size}`);
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  test('signing in: the form has no serious accessibility fault either', async () => {
    const { page } = await openWindow(browser, { ...desk.server, token: 'wrong' });
    await page.getByLabel('Token').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await seriousFaults(page), colorScheme).toEqual([]);
      await screenshot(page, `sign-in-${colorScheme}`);
    }
    await page.context().close();
  });

  test('the token in a form signs in too, and signing out ends the session', async () => {
    const { page } = await openWindow(browser, { ...desk.server, token: 'wrong' });
    await page.getByLabel('Token').fill('still wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Invalid token.').waitFor();
    await page.getByLabel('Token').fill(desk.server.token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Review' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    expect((await page.request.get(`${desk.server.url}/api/tasks`)).status()).toBe(401);
    await page.context().close();
  });

  test('a round shows its stage, its counts and the way to Temporal, and brings itself up to date', async () => {
    // By another name of this machine than the one that the pipeline uses.
    const url = desk.server.url.replace('127.0.0.1', 'localhost');
    const { page } = await openWindow(browser, { url, token: desk.server.token, path: '/rounds' });
    const round = page.locator('.round', { hasText: desk.roundId });
    await round.getByText('waits for you').waitFor();
    expect(await round.locator('[aria-current=step]').innerText()).toContain('0 of 1 jobs');
    expect(await round.locator('.counts').innerText()).toMatch(/Videos\s+1 of 1\s+Frames sampled\s+3\s+Selected\s+3/);
    const link = round.getByRole('link', { name: 'Temporal' });
    expect(await link.getAttribute('href')).toBe(
      `http://127.0.0.1:8233/namespaces/default/workflows/${desk.roundId}/run-1`,
    );
    await desk.call('PATCH', `/api/jobs/${desk.jobId}`, { state: 'completed' });
    await round.getByText('1 of 1 jobs').waitFor();
    await desk.call('PATCH', `/api/jobs/${desk.jobId}`, { state: 'in progress' });
    await page.context().close();
  });

  test('the dataset page counts what the manifest holds', async () => {
    const { page } = await openWindow(browser, { ...desk.server, path: '/dataset' });
    // By hand from the manifest that the test wrote: see pipeline-desk.ts.
    await page.getByText('boxes per frame').waitFor();
    expect((await page.locator('.totals').innerText()).replace(/\s+/g, ' ')).toBe(
      'frames 4 boxes 7 videos 2 classes 2 rounds 2 boxes per frame 1.8',
    );
    await page.locator('.chart', { hasText: 'Growth' }).getByText('As a table').click();
    const rows = await page.locator('.chart', { hasText: 'Growth' }).locator('tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split(/\s+/).slice(1).map(Number))).toEqual([
      [1, 1, 0],
      [3, 1, 0],
    ]);
    await page.getByRole('combobox', { name: 'Class' }).selectOption('car');
    await page.getByText('2 frames', { exact: true }).waitFor();
    // All boxes of the two frames with cars: 2 and 3.
    expect(await page.locator('.contact-picture rect').count()).toBe(5);
    await page.context().close();
  });

  test('why a frame was chosen is told beside it', async () => {
    const { page } = await openWindow(browser, { ...desk.server, path: desk.reviewPath });
    await new ReviewWindow(page).shown(0);
    await page.getByText('2 of 2 boxes near the threshold').waitFor();
    expect(await page.locator('.reason').innerText()).toContain('00:04.5');
    await page.context().close();
  });
});
