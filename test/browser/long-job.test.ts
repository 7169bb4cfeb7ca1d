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

  test('is shown before all of its boxes are there, and lets nobody decide about frames that wait for theirs', async () => {
    const label_id = desk.labelIds[0] ?? 0;
    const { taskId, jobId } = await makeTask(desk, 100, (frame) => [
      { label_id, points: [10 + frame, 20, 60 + frame, 120], score: 0.9 },
    ]);
    const { page, complaints } = await openWindow(browser, desk.server);
    // However long a busy machine takes for what is done meanwhile, the page waits for its boxes.
    await page.addInitScript('AbortSignal.timeout = () => new AbortController().signal');
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let [running, most] = [0, 0];
    await page.route(`**/api/jobs/${jobId}/annotations`, async (route) => {
      running += 1;
      most = Math.max(most, running);
      await held;
      const response = await route.fetch();
      running -= 1;
      await route.fulfill({ response });
    });
    await page.goto(`${desk.server.url}/tasks/${taskId}/jobs/${jobId}?frame=50`);
    const review = new ReviewWindow(page);
    await review.shown(50);
    await review.boxes(1);
    await page.getByRole('button', { name: /^Frame 51, 1 boxes/ }).waitFor();
    // What is there can be worked on; it is saved when the server's word is known.
    await review.drag({ x: 300, y: 200 }, { x: 400, y: 300 });
    await review.boxes(2);

    await review.press('End');
    await page.getByRole('button', { name: /^Frame 100, … boxes, being loaded/ }).waitFor();
    const status = page.getByText('The boxes are still being loaded');
    for (const key of ['x', 'a', 'Enter', 'n', 'c', 'Shift+U']) {
      await review.press('End', key);
      await status.first().waitFor();
    }
    expect(await page.locator('.stage').getAttribute('data-shown')).toBe(null);
    expect(new URL(page.url()).searchParams.get('frame')).toBe('99');
    await review.press('Control+Enter');
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Finish job' }).isDisabled()).toBe(true);
    await page.getByRole('dialog').getByText('The boxes are still being loaded').waitFor();
    await review.press('Escape');

    letGo();
    await review.shown(99);
    await review.boxes(1);
    await page.getByText('Frame 100 of 100, 1 boxes', { exact: true }).waitFor();
    await review.press('x');
    await review.saved();
    const shapes = await shapesOf(desk, taskId);
    expect(shapes.filter(({ frame }) => frame === 50)).toHaveLength(2);
    expect(shapes.filter(({ frame }) => frame === 99)).toEqual([]);
    expect(shapes).toHaveLength(100);
    // Each look at a frame that waits has asked for the boxes, one after the other.
    expect(most).toBe(1);
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
