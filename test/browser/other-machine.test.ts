import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openWindow, ReviewWindow, startBrowser } from './browser.js';
import { makeTask, shapesOf, startDesk, type Desk } from './review-server.js';

const name = 'desk.example';
const password = 'correct horse battery';

/** As on another machine, where the page comes by plain HTTP: the browser gives it less than it gives to 127.0.0.1. */
describe.skipIf(noBrowser !== undefined)('the page on another machine', () => {
  let browser: Browser;
  let desk: Desk;

  beforeAll(async () => {
    browser = await startBrowser(`--host-resolver-rules=MAP ${name} 127.0.0.1`);
    desk = await startDesk({ publicNames: [name], password });
  });

  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  test('signs in with the password, and loses nothing in a reload or a window that is gone', async () => {
    const { taskId, jobId } = await makeTask(desk, 2, () => []);
    const url = desk.server.url.replace('127.0.0.1', name);
    const path = `/tasks/${taskId}/jobs/${jobId}`;
    const { page, complaints } = await openWindow(browser, { url, path, token: 'unknown here' });
    await page.getByLabel('Token or password').fill(password);
    await page.keyboard.press('Enter');
    const review = new ReviewWindow(page);
    await review.shown(0);
    expect(await page.evaluate('isSecureContext || "locks" in navigator')).toBe(false);

    await review.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await page.reload();
    await review.shown(0);
    await review.saved();
    expect(await shapesOf(desk, taskId)).toHaveLength(1);
    expect(complaints).toEqual([]);

    // A second tab takes nothing over from the first while it lives, and all of it when nothing was heard of it for long.
    await page.route('**/annotations?action=create', (route) => route.abort());
    await review.drag({ x: 300, y: 100 }, { x: 360, y: 160 });
    await page.waitForSelector('.save-status.offline');
    const context = page.context();
    const second = new ReviewWindow(await context.newPage());
    await second.page.goto(url + path);
    await second.shown(0);
    await second.saved();
    await second.boxes(1);
    await page.close();
    await second.page.evaluate(`for (const key of Object.keys(localStorage)) {
      if (key.startsWith('frameloop-tab-') && !key.endsWith(sessionStorage['frameloop-tab'])) localStorage[key] = '0';
    }`);
    await second.page.reload();
    await second.boxes(2);
    await second.saved();
    expect(await shapesOf(desk, taskId)).toHaveLength(2);
    await context.close();
  });
});
