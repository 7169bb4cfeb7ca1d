import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openWindow, ReviewWindow, startBrowser } from './browser.js';
import { makeTask, shapesOf, startDesk, type Desk } from './review-server.js';

const frames = 1000;
const boxesOfFrame = 8;

describe.skipIf(noBrowser !== undefined)(`a job of ${frames} frames`, () => {
  let browser: Browser;
  let desk: Desk;

  beforeAll(async () => {
    browser = await startBrowser();
    desk = await startDesk();
  });

  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  test('opens with no more elements and pictures than a short one, and is left at any frame', async () => {
    const boxes = Array.from({ length: boxesOfFrame }, (_, index) => ({
      label_id: desk.labelIds[0] ?? 0,
      points: [10 + 70 * index, 20, 60 + 70 * index, 120],
      score: 0.9,
    }));
    const { taskId, jobId } = await makeTask(desk, frames, () => boxes);
    const { page, complaints } = await openWindow(browser, desk.server);
    let pictures = 0;
    page.on('request', (request) => {
      if (/thumbnails|type=frame/.test(request.url())) pictures += 1;
    });
    await page.goto(`${desk.server.url}/tasks/${taskId}/jobs/${jobId}`);
    const review = new ReviewWindow(page);
    await review.shown(0);
    await page.waitForLoadState('networkidle');
    // 1440 pixels show 14 thumbnails; a few more, and the next frames, are fetched in advance.
    const counts = { items: await page.locator('.filmstrip-item').count(), pictures };
    expect(counts.items).toBeLessThanOrEqual(24);
    expect(counts.pictures).toBeLessThanOrEqual(24 + 10);

    await review.press('End');
    await review.shown(frames - 1);
    await review.press('x');
    await review.saved();
    expect(await page.locator('.filmstrip-item').count()).toBeLessThanOrEqual(24);
    expect((await shapesOf(desk, taskId)).filter(({ frame }) => frame === frames - 1)).toEqual([]);
    await page.evaluate(
      '{ const strip = document.querySelector(".filmstrip"); strip.scrollLeft = strip.scrollWidth / 2; }',
    );
    await page.getByRole('button', { name: /^Frame 500,/ }).click();
    await review.shown(499);
    await page.reload();
    await review.shown(499);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('more tasks than a page shows at first can all be seen', async () => {
    const more = 60;
    for (let index = 0; index < more; index += 1) {
      await desk.call('POST', '/api/tasks', { name: `round ${index}`, project_id: desk.projectId });
    }
    const { page, complaints } = await openWindow(browser, desk.server);
    await page.getByRole('link', { name: `round ${more - 1}`, exact: true }).waitFor();
    expect(await page.locator('.card.task').count()).toBe(50);
    await page.getByRole('button', { name: /^Show older tasks/ }).click();
    await page.getByRole('link', { name: 'round 0', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: /^Show older tasks/ }).count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
