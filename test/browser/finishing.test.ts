import net, { type AddressInfo } from 'node:net';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { neverLook, noBrowser, openWindow, ReviewWindow, startBrowser } from './browser.js';
import { makeTask, shapesOf, startDesk, type Desk } from './review-server.js';

const patches = (action: string) => `**/annotations?action=${action}`;

describe.skipIf(noBrowser !== undefined)('a job is finished with everything that was done, and stays finished', () => {
  let browser: Browser;
  let desk: Desk;
  let taskId: number;
  let jobId: number;
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
    ({ taskId, jobId } = await makeTask(desk, 3, () => [box]));
    path = `/tasks/${taskId}/jobs/${jobId}`;
  });

  const open = async () => {
    const { page } = await openWindow(browser, { ...desk.server, path });
    const review = new ReviewWindow(page);
    await review.shown(0);
    return review;
  };
  const jobState = async () => ((await desk.call('GET', `/api/jobs/${jobId}`)).body as { state: string }).state;
  const setState = (state: string) => desk.call('PATCH', `/api/jobs/${jobId}`, { state });
  const boxCount = async () => (await shapesOf(desk, taskId)).length;
  /** As when a person comes back to the window, which then looks for what is new. */
  const comeBack = (page: Page) => page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
  const finish = async (review: ReviewWindow) => {
    await review.press('Control+Enter');
    await review.page.getByRole('dialog').getByRole('button', { name: 'Finish job' }).click();
  };

  test('what the server refuses, or has not answered, keeps it from being finished', async () => {
    const review = await open();
    const { page } = review;
    const refuse = (route: Route) => route.fulfill({ status: 400, json: ['No such label.'] });
    await page.route(patches('create'), refuse);
    await review.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await page.getByText('did not take the last changes (No such label.)').waitFor();
    await finish(review);
    await page.getByText('Not everything is saved (No such label.)').waitFor();
    expect(await jobState()).toBe('new');

    // A connection that ends in the middle of an answer is tried again by itself.
    const sockets = new Set<net.Socket>();
    const cutOff = net.createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n';
      socket.once('data', () => socket.write(`${head}{"shapes": [`, () => socket.destroy()));
    });
    await new Promise<void>((resolve) => cutOff.listen(0, '127.0.0.1', resolve));
    const cutUrl = `http://127.0.0.1:${(cutOff.address() as AddressInfo).port}/annotations?action=create`;
    let cuts = 0;
    await page.route(patches('create'), async (route) => {
      cuts += 1;
      if (cuts === 1) await route.continue({ url: cutUrl });
      else await route.continue();
    });
    // The page may send again at any moment: it meets either the refusal or the cut.
    await page.unroute(patches('create'), refuse);
    await review.press('Escape', 'Control+s');
    await review.saved();
    expect(cuts).toBe(2);
    expect(await boxCount()).toBe(4);
    // Browsers open some that they do not use.
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => cutOff.close(resolve));

    await finish(review);
    await page.getByText('Job finished').waitFor();
    expect(await jobState()).toBe('completed');
    await page.context().close();
  });

  test('two windows agree on who is signed in, what was seen, which box holds, and that it is finished', async () => {
    const one = await open();
    const context = one.page.context();
    const cookie = async () => (await context.cookies()).map(({ value }) => value).join();
    const before = await cookie();
    const two = new ReviewWindow(await context.newPage());
    // The link signs in anew: what the first tab knows of its session does not hold any more.
    await two.page.goto(`${desk.server.url}${path}?token=${desk.server.token}`);
    while ((await cookie()) === before) await two.page.goto(`${desk.server.url}${path}?token=${desk.server.token}`);
    await two.shown(0);
    await one.page.bringToFront();
    await one.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await one.saved();
    expect(await boxCount()).toBe(4);

    // Each says "nothing here" on a frame, which only this browser knows to be reviewed.
    await one.press('Escape', 'f', 'x');
    await one.saved();
    await two.button('Frame 2, 0 boxes, reviewed').waitFor();
    await two.press('End', 'x');
    await two.saved();
    await one.button('Frame 3, 0 boxes, reviewed').waitFor();
    await two.page.reload();
    await Promise.all(['Frame 2, 0', 'Frame 3, 0'].map((name) => two.button(`${name} boxes, reviewed`).waitFor()));

    // Both move the same box: the tab that comes too late has to decide before the job can be finished.
    const overtake = async (route: Route) => {
      await one.press('Home');
      await one.click({ x: 130, y: 150 });
      await one.press('Shift+ArrowRight');
      await one.saved();
      await route.continue();
    };
    await two.page.route(patches('update'), overtake, { times: 1 });
    await two.press('Home');
    await two.shown(0);
    await two.click({ x: 130, y: 150 });
    await two.press('Shift+ArrowDown');
    await two.page.getByText('in another window too').waitFor();
    await finish(two);
    await two.page.getByText('decide first which hold, on frame 1').waitFor();
    expect(await jobState()).toBe('in progress');
    await two.press('Escape');

    // Finished in one, it is finished in the other, where the question stays open until the job is.
    await finish(one);
    await one.page.getByText('Job finished').waitFor();
    await two.page.getByText('This job is finished: ').waitFor();
    await two.button('Use mine').click();
    await two.page.getByText('Reopen it to change it.').waitFor();
    await two.button('Reopen job').click();
    await two.button('Use mine').click();
    await two.saved();
    const [moved] = (await shapesOf(desk, taskId)).filter(({ frame }) => frame === 0);
    expect(moved?.points.map(Math.round)).toEqual([100, 110, 160, 210]);
    await context.close();
  });

  test('what was asked about it before it was finished, and is answered afterwards, does not open it again', async () => {
    const review = await open();
    const { page } = review;
    await page.getByText('0 / 3').waitFor();
    let isRead: () => void = () => undefined;
    const read = new Promise<void>((resolve) => (isRead = resolve));
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route(`**/api/jobs/${jobId}`, async (route) => {
      if (route.request().method() === 'GET') {
        const response = await route.fetch();
        isRead();
        await held;
        await route.fulfill({ response });
        return;
      }
      await comeBack(page);
      await read;
      await route.continue();
    });
    await finish(review);
    await page.getByText('This job is finished: ').waitFor();
    const answered = page.waitForResponse((response) => response.url().endsWith(`/api/jobs/${jobId}`));
    letGo();
    await (await answered).finished();
    await review.saved();
    expect(await page.getByText('This job is finished: ').count()).toBe(1);
    expect(await jobState()).toBe('completed');
    await page.context().close();
  });

  test('what comes after it was finished elsewhere neither reopens nor changes it until somebody says so', async () => {
    const review = await open();
    const { page } = review;
    // So that it cannot have seen what comes now.
    await neverLook(page);
    await page.reload();
    // All boxes are there, and the state of the job with them.
    await page.getByText('0 / 3').waitFor();
    await setState('completed');
    // The window does not know it yet; CVAT's API takes the box all the same.
    await review.drag({ x: 200, y: 100 }, { x: 260, y: 160 });
    await page.getByText('This job is finished: ').waitFor();
    await review.saved();
    expect(await jobState()).toBe('completed');

    await setState('in progress');
    await comeBack(page);
    await review.button('Finish job').waitFor();
    await page.route(patches('create'), (route) => route.abort());
    await review.press('Escape');
    await review.drag({ x: 300, y: 100 }, { x: 360, y: 160 });
    await page.waitForSelector('.save-status.offline');
    await setState('completed');
    // Its next attempt hears of it before it sends anything.
    const waits = page.getByText('finished in another window before your last changes were saved');
    await waits.waitFor();
    await page.unroute(patches('create'));
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.accept();
    });
    await page.reload();
    expect(asked).toEqual(['beforeunload']);
    // What the browser has kept waits too.
    await waits.waitFor();
    await review.boxes(3);
    expect(await boxCount()).toBe(4);
    await review.button('Reopen job and save them').click();
    await review.saved();
    expect(await boxCount()).toBe(5);
    expect(await jobState()).toBe('in progress');

    await page.route(patches('create'), (route) => route.abort());
    await review.drag({ x: 400, y: 100 }, { x: 460, y: 160 });
    await page.waitForSelector('.save-status.offline');
    await setState('completed');
    await waits.waitFor();
    await page.unroute(patches('create'));
    await review.button('Give them up').click();
    await review.boxes(3);
    await review.saved();
    expect(await boxCount()).toBe(5);
    await page.context().close();
  });
});
