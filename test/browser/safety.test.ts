import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../helpers/programs.js';
import { neverLook, noBrowser, openWindow, ReviewWindow, screenshot, startBrowser } from './browser.js';
import { makeTask, shapesOf, startDesk, type Desk } from './review-server.js';

describe.skipIf(noBrowser !== undefined)('what is done on the page is not lost', () => {
  let browser: Browser;
  let desk: Desk;
  let taskId: number;
  let path: string;

  beforeAll(async () => {
    browser = await startBrowser();
    desk = await startDesk();
  });

  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  beforeEach(async () => {
    const box = { label_id: desk.labelIds[0] ?? 0, points: [100, 100, 160, 200], score: 0.9 };
    const made = await makeTask(desk, 3, () => [box]);
    taskId = made.taskId;
    path = `/tasks/${taskId}/jobs/${made.jobId}`;
  });

  const open = async () => {
    const { page } = await openWindow(browser, { ...desk.server, path });
    const review = new ReviewWindow(page);
    await review.shown(0);
    return review;
  };

  const boxesOn = async (frame: number) =>
    (await shapesOf(desk, taskId))
      .filter((shape) => shape.frame === frame)
      .map(({ points }) => points.map(Math.round))
      .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));

  test('a reload right after a change, and in the middle of saving, loses nothing', async () => {
    const review = await open();
    const [first, second] = [
      { x: 200, y: 100 },
      { x: 300, y: 100 },
    ];
    await review.drag(first, { x: 260, y: 160 });
    // Before the moment has passed after which it saves.
    await review.page.reload();
    await review.shown(0);
    await review.saved();
    expect(await boxesOn(0)).toHaveLength(2);

    // The server takes the box, and the page is gone before it hears of it.
    const taken = new Promise<void>((resolve) => {
      void review.page.route('**/annotations?action=create', async (route) => {
        await route.fetch();
        await route.abort();
        resolve();
      });
    });
    await review.drag(second, { x: 360, y: 160 });
    await taken;
    await review.page.unroute('**/annotations?action=create');
    await review.page.reload();
    await review.shown(0);
    await review.saved();
    expect(await boxesOn(0)).toHaveLength(3);
    await review.page.context().close();
  });

  test('while the server is away work goes on, and is saved when it is back', async () => {
    const review = await open();
    await desk.restart(async () => {
      await review.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
      await review.press('Escape', 'f', 'x');
      await review.page.getByText('Offline: kept in this browser').waitFor();
    });
    await review.saved();
    expect(await boxesOn(0)).toHaveLength(2);
    expect(await boxesOn(1)).toEqual([]);
    await review.page.context().close();
  });

  test('a window that is closed with unsaved work leaves it to the next one', async () => {
    const review = await open();
    await review.page.context().setOffline(true);
    await review.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await review.page.waitForSelector('.save-status.offline');
    await review.page.close();
    const context = review.page.context();
    await context.setOffline(false);
    const page = await context.newPage();
    await page.goto(desk.server.url);
    // A closed window takes a moment to be gone.
    await page.waitForFunction('navigator.locks.query().then(({ held }) => held.length === 0)');
    await page.goto(desk.server.url + path);
    const next = new ReviewWindow(page);
    await next.shown(0);
    await next.saved();
    expect(await boxesOn(0)).toHaveLength(2);
    await context.close();
  });

  test('a window that is closed right after a change has saved it', async () => {
    const review = await open();
    const { page } = review;
    // The moment does not pass after which it saves by itself.
    await page.addInitScript(
      '{ const { setTimeout } = window; window.setTimeout = (work, ms) => ms !== 300 && setTimeout(work, ms); }',
    );
    await page.reload();
    await review.shown(0);
    await page.getByText('0 / 3').waitFor();
    await review.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await page.waitForSelector('.save-status.saving');
    // As a person closes it.
    const closed = page.waitForEvent('close');
    await page.close({ runBeforeUnload: true });
    await closed;
    await until('the box on the server', async () => (await boxesOn(0)).length === 2);
    await page.context().close();
  });

  test('a browser with no room left saves all the same, and says what it cannot keep', async () => {
    const review = await open();
    const { page } = review;
    await page.evaluate(`for (let size = 2 ** 23; size >= 1; size /= 2) {
      try { localStorage.setItem('full' + size, 'x'.repeat(size)); } catch {}
    }`);
    await review.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await review.saved();
    await review.press('Escape', 'f', 'x');
    await review.saved();
    await review.button('Frame 2, 0 boxes, reviewed').waitFor();
    expect(await boxesOn(0)).toHaveLength(2);
    expect(await boxesOn(1)).toEqual([]);

    // It does not try again by itself, so that it is the button that saves.
    await page.evaluate(
      '{ const { setTimeout } = window; window.setTimeout = (work, ms) => (ms < 500 ? setTimeout(work, ms) : 0); }',
    );
    await page.route('**/annotations?action=create', (route) => route.abort());
    await review.drag({ x: 300, y: 100 }, { x: 360, y: 160 });
    await page.getByText('This browser has no room to keep what is not saved').waitFor();
    await screenshot(page, 'no-room');
    await page.unroute('**/annotations?action=create');
    await review.button('Save now').click();
    await review.saved();
    expect(await boxesOn(1)).toHaveLength(1);
    await page.context().close();
  });

  test('what two windows do to different boxes is brought together', async () => {
    const [one, two] = [await open(), await open()];
    await one.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await one.saved();
    // This window has not heard of the other's box yet.
    await two.drag({ x: 400, y: 100 }, { x: 460, y: 160 });
    await two.saved();
    expect((await boxesOn(0)).map(([x]) => x)).toEqual([100, 200, 400]);
    await two.page.locator('.box-item').nth(2).waitFor();
    await Promise.all([one, two].map(({ page }) => page.context().close()));
  });

  test('where two windows change the same box, the later one is asked and nothing is overwritten silently', async () => {
    const [one, two] = [await open(), await open()];
    // It must not have heard of the other's change when it makes its own.
    await neverLook(two.page);
    await two.page.reload();
    await two.shown(0);
    await two.page.getByText('0 / 3').waitFor();
    await one.click({ x: 130, y: 150 });
    await one.press('Shift+ArrowRight');
    await one.saved();
    await two.click({ x: 130, y: 150 });
    await two.press('Shift+ArrowDown');
    await two.page.getByText('in another window too').waitFor();
    expect(await boxesOn(0)).toEqual([[110, 100, 170, 200]]);
    await two.button('Use mine').click();
    await two.saved();
    expect(await boxesOn(0)).toEqual([[100, 110, 160, 210]]);
    await Promise.all([one, two].map(({ page }) => page.context().close()));
  });

  test('a second tab of the same browser sees at once what the first has saved', async () => {
    const one = await open();
    const page = await one.page.context().newPage();
    await page.goto(desk.server.url + path);
    const two = new ReviewWindow(page);
    await two.shown(0);
    await one.page.bringToFront();
    await one.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await one.saved();
    await two.page.locator('.box-item').nth(1).waitFor();
    await one.page.context().close();
  });

  test('a page elsewhere on this machine can neither read nor change anything with the cookie', async () => {
    const review = await open();
    const cookies = await review.page.context().cookies();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const ask = (method: string, headers: Record<string, string>) =>
      fetch(`${desk.server.url}/api/tasks/${taskId}`, { method, headers: { cookie, ...headers } });
    expect((await ask('GET', {})).status).toBe(200);
    expect((await ask('GET', { origin: 'http://127.0.0.1:1' })).status).toBe(403);
    expect((await ask('DELETE', {})).status).toBe(403);
    expect((await ask('DELETE', { 'x-csrftoken': 'x'.repeat(43) })).status).toBe(403);
    expect((await ask('GET', { cookie: cookie.replace(/=\d+/, '=9999999999') })).status).toBe(401);
    expect((await ask('GET', {})).status).toBe(200);
    await review.page.context().close();
  });
});
