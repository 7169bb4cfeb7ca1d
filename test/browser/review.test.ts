import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noBrowser, openWindow, ReviewWindow, screenshot, startBrowser } from './browser.js';
import { makeProject } from '../integration/review-server-client.js';
import { makeTask, shapesOf, startDesk, type Desk, type Shape } from './review-server.js';

/** Two boxes of the model on every frame: it is sure of the first, and unsure of the second on every third frame. */
const modelBoxes = (desk: Desk) => (frame: number) => [
  { label_id: desk.labelIds[0] ?? 0, points: [100, 100, 160, 200], score: 0.9 },
  { label_id: desk.labelIds[1] ?? 0, points: [400, 120, 480, 180], score: frame % 3 === 2 ? 0.3 : 0.8 },
];

/** What is done without anybody waiting for it takes long on a machine with much else to do. */
const patience = { timeout: 90_000, interval: 100 };

describe.skipIf(noBrowser !== undefined)('reviewing a job in the browser', () => {
  let browser: Browser;
  let desk: Desk;
  let taskId: number;
  let review: ReviewWindow;
  let complaints: string[];

  beforeAll(async () => {
    browser = await startBrowser();
    desk = await startDesk();
  });

  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  beforeEach(async () => {
    const made = await makeTask(desk, 6, modelBoxes(desk));
    taskId = made.taskId;
    const opened = await openWindow(browser, { ...desk.server, path: `/tasks/${taskId}/jobs/${made.jobId}` });
    complaints = opened.complaints;
    review = new ReviewWindow(opened.page);
    await review.shown(0);
  });

  afterEach(async () => {
    await review.page.context().close();
    expect(complaints).toEqual([]);
  });

  const shapesOn = async (frame: number) => (await shapesOf(desk, taskId)).filter((shape) => shape.frame === frame);
  const jobState = async () =>
    ((await desk.call('GET', `/api/jobs?task_id=${taskId}`)).body as { results: { state: string }[] }).results[0]
      ?.state;
  const person = () => desk.labelIds[0];
  const car = () => desk.labelIds[1];

  test('the token does not stay in the address bar', async () => {
    expect(review.page.url()).not.toContain('token');
    expect(await review.page.evaluate('document.cookie')).toBe('');
    // Not in what the browser goes back to either, which may be the empty page that it began with.
    await review.page.goBack();
    expect(review.page.url()).not.toContain('token');
    await review.page.goForward();
  });

  test('a key that is pressed as soon as the frame is there counts', async () => {
    await review.page.addInitScript(`new MutationObserver((_, observer) => {
      if (document.querySelector('.stage') === null) return;
      observer.disconnect();
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'x', code: 'KeyX' }));
    }).observe(document, { subtree: true, childList: true });`);
    await review.page.reload();
    await review.shown(0);
    await review.boxes(0);
    await review.saved();
    expect(await shapesOn(0)).toEqual([]);
  });

  test('by mouse: draw, move, pull each of the eight handles, relabel, delete', async () => {
    await review.button('car').first().click();
    const drawn = await review.drag({ x: 200, y: 220 }, { x: 300, y: 320 });
    await review.saved();
    const [, , box] = await shapesOn(0);
    expectPoints(box, drawn);
    expect(box).toMatchObject({ label_id: car(), source: 'manual' });

    await review.drag({ x: 250, y: 270 }, { x: 270, y: 260 });
    await review.saved();
    expectPoints((await shapesOn(0))[2], { x1: 220, y1: 210, x2: 320, y2: 310 });

    // From the middle of the edge, or the corner, by 10 pixels out or in.
    let expected = { x1: 220, y1: 210, x2: 320, y2: 310 };
    const pulls: [string, number, number][] = [
      ['nw', -10, -10],
      ['n', 0, 10],
      ['ne', 10, -10],
      ['e', -10, 0],
      ['se', 10, 10],
      ['s', 0, -10],
      ['sw', -10, 10],
      ['w', 10, 0],
    ];
    for (const [handle, dx, dy] of pulls) {
      const { x1, y1, x2, y2 } = expected;
      const x = handle.includes('w') ? x1 : handle.includes('e') ? x2 : (x1 + x2) / 2;
      const y = handle.includes('n') ? y1 : handle.includes('s') ? y2 : (y1 + y2) / 2;
      await review.drag({ x, y }, { x: x + dx, y: y + dy });
      expected = {
        x1: handle.includes('w') ? x1 + dx : x1,
        y1: handle.includes('n') ? y1 + dy : y1,
        x2: handle.includes('e') ? x2 + dx : x2,
        y2: handle.includes('s') ? y2 + dy : y2,
      };
      await review.saved();
      expectPoints((await shapesOn(0))[2], expected, handle);
    }

    await review.button('person').first().click();
    await review.saved();
    expect((await shapesOn(0))[2]).toMatchObject({ label_id: person() });

    await review.click({ x: 130, y: 150 });
    await review.button('Delete').click();
    await review.saved();
    expect((await shapesOn(0)).map(({ points }) => points[0]?.toFixed(0))).not.toContain('100');
    expect(await shapesOn(0)).toHaveLength(2);
  });

  test('by keyboard alone: new box, place, size, label, decide, undo, finish', async () => {
    await review.press('n', '2', 'ArrowRight', 'Shift+ArrowDown', 'Alt+ArrowRight', 'Control+Shift+ArrowLeft');
    await review.saved();
    // A new box is in the middle and a sixth of the shorter side wide and high: 640 x 360 gives 290..350, 150..210.
    const [, , box] = await shapesOn(0);
    expect(box).toMatchObject({ label_id: car(), points: [281, 160, 352, 220] });

    await review.press('Control+z', 'Control+z', 'Control+z');
    await review.saved();
    expect(await shapesOn(0)).toHaveLength(2);
    await review.press('Control+Shift+z');
    await review.saved();
    expect(await shapesOn(0)).toHaveLength(3);

    await review.press('Escape', '.', 'Delete', 'Enter');
    await review.shown(1);
    await review.press('x', 'f');
    await review.shown(2);
    await review.press('c', 'a', 'f', 'c');
    await review.saved();
    expect((await shapesOn(0)).map(({ source }) => source)).toEqual(['semi-auto', 'manual']);
    expect(await shapesOn(1)).toEqual([]);
    expect((await shapesOn(2)).map(({ source }) => source)).toEqual(['semi-auto', 'semi-auto']);
    // Both boxes of frame 2 are where those of frame 3 are: nothing is copied twice.
    expect(await shapesOn(3)).toHaveLength(2);

    await review.press('u');
    await review.shown(5);
    await review.press('v');
    await expect.poll(jobState, patience).toBe('in progress');
    await review.press('Control+Enter');
    await review.page.getByText('Finish this job?').waitFor();
    await review.press('Tab', 'Enter');
    await review.page.getByText('Job finished').waitFor();
    expect(await jobState()).toBe('completed');
  });

  test('a finished job cannot be changed until it is reopened', async () => {
    await review.press('Control+Enter');
    await review.button('Finish job').last().click();
    await review.page.getByText('Job finished').waitFor();
    await review.press('Escape');
    await review.page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await review.button('Nothing here').isDisabled()).toBe(true);
    await review.press('x');
    await review.page.getByText('Reopen it to change it.').waitFor();
    expect(await shapesOn(0)).toHaveLength(2);
    await review.button('Reopen job').click();
    await review.button('Finish job').waitFor();
    await review.press('x');
    await review.saved();
    expect(await shapesOn(0)).toEqual([]);
  });

  test('boxes below a confidence are hidden, are not accepted unseen, and can be deleted together', async () => {
    await review.press('f', 'f');
    await review.shown(2);
    await review.boxes(2);
    await review.page.getByRole('slider').fill('50');
    await review.boxes(1);
    await review.press('a');
    await review.saved();
    expect((await shapesOn(2)).map(({ source }) => source)).toEqual(['semi-auto', 'auto']);
    await review.button('Delete hidden').click();
    await review.saved();
    expect(await shapesOn(2)).toHaveLength(1);

    // By keys: the model gives 0.3 to a box of the last frame too. From 50 % five steps down show it, and two up hide it.
    await review.press('Escape', 'f', 'f', 'f');
    await review.shown(5);
    await review.boxes(1);
    await review.press('[', '[', '[', '[', '[');
    await review.boxes(2);
    await review.press(']', ']');
    await review.boxes(1);
    await review.press('Shift+Delete');
    await review.saved();
    expect(await shapesOn(5)).toHaveLength(1);
    await review.press('b');
    await review.boxes(0);
  });

  test('boxes that nobody accepted are told before the job is finished, also where all frames were looked at', async () => {
    // The model gives 0.3 to one box of the third and of the last frame.
    await review.page.getByRole('slider').fill('50');
    for (const frame of [1, 2, 3, 4, 5]) {
      await review.press('Enter');
      await review.shown(frame);
    }
    await review.press('Enter', 'Control+Enter');
    const dialog = review.page.getByRole('dialog');
    await dialog.getByText('2 boxes of the model would go into the dataset as they are.').waitFor();
    await screenshot(review.page, 'finish-unaccepted');
    await dialog.getByRole('button', { name: 'Go to the first one' }).click();
    await review.shown(2);
    await review.press('Shift+Delete', 'End', 'Shift+Delete', 'Control+Enter');
    await dialog.getByText('All 6 frames are reviewed.').waitFor();
    await review.press('Escape');

    // Taken back, the boxes are the model's again, and the frames wait for somebody.
    await review.press('Control+z', 'Control+z');
    for (const frame of [3, 6]) await review.button(`Frame ${frame}, 2 boxes, unsure`).waitFor();
    await review.press('Home', 'r');
    await review.shown(2);

    // A frame that is of no use is left out, with its boxes, and can come back.
    await review.press('Alt+Delete');
    await review.button('Frame 3, 2 boxes, left out').waitFor();
    await screenshot(review.page, 'left-out');
    const leftOut = async () =>
      ((await desk.call('GET', `/api/tasks/${taskId}/data/meta`)).body as { deleted_frames: number[] }).deleted_frames;
    expect(await leftOut()).toEqual([2]);
    await review.press('Control+Enter');
    await dialog.getByText('1 box of the model would go into the dataset as they are.').waitFor();
    await dialog.getByText('1 frame is left out of the dataset.').waitFor();
    await review.press('Escape');
    await review.button('Take the frame back').click();
    await review.button('Frame 3, 2 boxes, unsure').waitFor();
    expect(await leftOut()).toEqual([]);
  });

  test('a drag ends with its frame, and the page comes back to where one was', async () => {
    const { page } = review;
    const { x, y, scale } = await review.place();
    await page.mouse.move(x + 200 * scale, y + 220 * scale);
    await page.mouse.down();
    await page.mouse.move(x + 300 * scale, y + 320 * scale);
    await review.press('f');
    await review.shown(1);
    await page.mouse.move(x + 320 * scale, y + 330 * scale);
    await page.mouse.up();
    await review.boxes(2);

    // Faster than browsers let the address change.
    await review.press('f', 'd', 'f', 'd', 'f', 'f');
    await page.reload();
    await review.shown(3);

    // What was drawn just before the page was left is saved, and its job has begun.
    await review.drag({ x: 200, y: 220 }, { x: 300, y: 320 });
    await page.getByRole('link', { name: 'Review' }).click();
    await page.getByRole('link', { name: 'Go on reviewing' }).waitFor();
    await expect.poll(async () => [(await shapesOn(3)).length, await jobState()], patience).toEqual([3, 'in progress']);
    await page.locator(`a[href^="/tasks/${taskId}/jobs/"]`).last().click();
    await review.shown(3);

    // A box is taken to another frame by its copy, and lies beside the first one where that is already.
    await review.click({ x: 250, y: 270 });
    await review.press('Control+c', 'Control+v', 'f', 'Control+v');
    await review.saved();
    const [, , first, second] = await shapesOn(3);
    const at = ([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: number[] = [], by = 0) => ({
      x1: x1 + by,
      y1: y1 + by,
      x2: x2 + by,
      y2: y2 + by,
    });
    expectPoints(second, at(first?.points, 10));
    expectPoints((await shapesOn(4))[2], at(second?.points));
  });

  test('zoomed and moved, boxes are still drawn where the mouse is', async () => {
    await review.press('+', '+', '+', '+');
    await review.page.keyboard.down('Shift');
    await review.drag({ x: 320, y: 180 }, { x: 250, y: 120 });
    await review.page.keyboard.up('Shift');
    const drawn = await review.drag({ x: 330, y: 210 }, { x: 370, y: 250 });
    await review.saved();
    expectPoints((await shapesOn(0))[2], drawn);

    // The same by keys: Shift and an arrow move the view by a tenth of the stage while no box is selected.
    await review.press('Escape');
    const before = await review.place();
    await review.press('Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowUp');
    const after = await review.place();
    const stage = await review.page.locator('.stage').boundingBox();
    expect(after.scale).toBeCloseTo(before.scale, 5);
    expect(before.x - after.x).toBeCloseTo((stage?.width ?? 0) / 5, 0);
    expect(after.y - before.y).toBeCloseTo((stage?.height ?? 0) / 10, 0);
    await review.shown(0);
    await review.press('0', '?');
    await review.page.getByRole('dialog').getByText('Next unsure frame').waitFor();
  });

  test('by mouse: every decision has its button, and the wheel zooms at the pointer', async () => {
    await review.button('Accept all, next').click();
    await review.shown(1);
    await review.button('Nothing here').click();
    await review.boxes(0);
    await review.button('Copy previous').click();
    await review.boxes(2);
    await review.button('Undo').click();
    await review.boxes(0);
    await review.button('Redo').click();
    await review.boxes(2);
    await review.button(/^Next unsure/).click();
    await review.shown(2);
    await review.button(/^Accept all\b(?!, next)/).click();
    await review.saved();
    expect((await shapesOn(0)).map(({ source }) => source)).toEqual(['semi-auto', 'semi-auto']);
    expect(await shapesOn(1)).toHaveLength(2);
    expect((await shapesOn(2)).map(({ source }) => source)).toEqual(['semi-auto', 'semi-auto']);

    await review.button(/^Frame 5,/).click();
    await review.shown(4);
    const { x, y, scale } = await review.place();
    await review.page.mouse.move(x + 100 * scale, y + 100 * scale);
    await review.page.mouse.wheel(0, -400);
    await review.page.waitForFunction(
      `document.querySelector('.picture img').getBoundingClientRect().width > ${641 * scale}`,
    );
    const zoomed = await review.place();
    // The point under the pointer has stayed there.
    expect(zoomed.x + 100 * zoomed.scale).toBeCloseTo(x + 100 * scale, 0);
    expect(zoomed.y + 100 * zoomed.scale).toBeCloseTo(y + 100 * scale, 0);
    await review.button('Whole frame').click();
    expect((await review.place()).scale).toBeCloseTo(scale, 5);
    await review.button(/^Keys/).click();
    await review.page.getByRole('dialog').getByText('Next unsure frame').waitFor();
    await review.page.getByRole('dialog').getByRole('button').first().click();
    await review.button('Finish job').click();
    await review.page
      .getByRole('dialog')
      .getByText(/^3 of 6 frames/)
      .waitFor();
    await review.page.getByRole('dialog').getByRole('button', { name: 'Finish job' }).click();
    await review.page.getByText('Job finished').waitFor();
    expect(await jobState()).toBe('completed');
  });

  test('of eighty labels the one that is meant is found by its name', async () => {
    const names = ['person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat'];
    const more = Array.from({ length: 71 }, (_, index) => ({ name: `thing ${index + 10}` }));
    const project = await makeProject(desk.call, 'many', [...names.map((name) => ({ name })), ...more]);
    const many = { ...desk, projectId: project.id, labelIds: project.labelIds };
    const made = await makeTask(many, 1, modelBoxes(many));
    const { page } = review;
    await page.goto(`${desk.server.url}/tasks/${made.taskId}/jobs/${made.jobId}`);
    await review.shown(0);
    // The boxes are seen beside so many labels.
    const list = await page.locator('.labels').boundingBox();
    expect(list?.height).toBeLessThan(300);
    await screenshot(page, 'labels-80');
    await review.press('.', 'l');
    await page.keyboard.type('g 77');
    await screenshot(page, 'labels-80-found');
    await review.press('Enter');
    await review.saved();
    const [box] = await shapesOf(desk, made.taskId);
    expect(box).toMatchObject({ label_id: project.labelIds[76], source: 'semi-auto' });
    // The search is over, and the keys are those of the page again; Escape leaves it and keeps the selected box.
    await review.press('l', 'Escape', 'Delete');
    await review.boxes(1);
  });

  test('script in the names of labels, tasks and pictures is shown as text and never runs', async () => {
    const script = '<img src=x onerror=alert(1)>';
    const project = await makeProject(desk.call, script, [{ name: script }, { name: 'car' }]);
    const hostile = { ...desk, projectId: project.id, labelIds: project.labelIds };
    const made = await makeTask(hostile, 1, () => [{ label_id: project.labelIds[0] ?? 0, points: [10, 10, 90, 90] }], {
      name: script,
      picture: () => `${script}.jpg`,
    });
    const { page } = review;
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    await page.goto(`${desk.server.url}/tasks/${made.taskId}`);
    await page.getByRole('link', { name: script, exact: true }).waitFor();
    await page.goto(`${desk.server.url}/tasks/${made.taskId}/jobs/${made.jobId}`);
    await review.shown(0);
    await page.getByText(`${script}.jpg`).waitFor();
    await page.locator('.labels').getByText(script).waitFor();
    await page.locator('.overlay').getByText(script).waitFor();
    // Nothing but the frame, and what was drawn small of it, is a picture.
    expect(await page.locator('img[src=x]').count()).toBe(0);
  });

  function expectPoints(
    shape: Shape | undefined,
    { x1, y1, x2, y2 }: { x1: number; y1: number; x2: number; y2: number },
    what?: string,
  ) {
    const points = shape?.points ?? [];
    expect(points, what).toHaveLength(4);
    for (const [index, value] of [x1, y1, x2, y2].entries()) {
      expect(
        Math.abs((points[index] ?? NaN) - value),
        `${what ?? 'point'} ${index}: ${points.join()}`,
      ).toBeLessThanOrEqual(1);
    }
  }
});
