import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rect } from '../../src/review/web/model/box.js';
import type { Size } from '../../src/review/web/model/geometry.js';
import { projectRoot } from '../../src/tools/index.js';
import { startUp, untilStatus, type Up } from '../helpers/cli.js';
import { noBrowser, openWindow, ReviewWindow, startBrowser } from './browser.js';

/** As many as the issue wants, or more. */
const leastFrames = 30;
const framesOfVideo = 12;
/** A whole round and a few hundred mouse events: a busy machine needs minutes, an idle one half a minute. */
const sessionTimeoutMs = 600_000;

/** Where the two boxes of a frame are drawn: another place and size on every frame, never over each other. */
const plan = (frame: number) => [
  { from: { x: 20 + 7 * frame, y: 30 + 2 * frame }, to: { x: 90 + 7 * frame, y: 120 + 3 * frame } },
  { from: { x: 400 + 3 * frame, y: 330 - frame }, to: { x: 430 + 5 * frame, y: 250 - 2 * frame } },
];

describe.skipIf(noBrowser !== undefined)('a person reviews a round', () => {
  let browser: Browser;
  let up: Up;

  beforeAll(async () => {
    browser = await startBrowser();
    up = await startUp({
      name: 'session',
      // As it is set up for people on other machines behind a proxy.
      env: { FRAMELOOP_REVIEW_NAMES: 'desk.example', FRAMELOOP_REVIEW_PASSWORD: 'only for this test' },
      config: {
        sources: { files: [path.join(projectRoot(), 'demo', 'clips')] },
        video: { framerate: 2, max_frames: framesOfVideo },
        cvat: { segment_size: 1000, poll: '1s' },
        dataset: { negatives: 'keep', split: { val: 0 } },
      },
    });
  });

  afterAll(async () => {
    await browser?.close();
    if (up === undefined) return;
    const { stderr } = await up.stop();
    expect(stderr).toMatch(/annotation {6}http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    expect(stderr).toContain('for other machines: https://desk.example (sign in with the password)');
  });

  test(
    `${leastFrames} frames end in the dataset with exactly the boxes that were drawn`,
    async () => {
      const { workflowId } = await up.json<{ workflowId: string }>('start');
      const { progress } = await untilStatus(
        up,
        workflowId,
        'waiting',
        (status) => status.progress?.stage === 'waiting',
        300,
      );
      const taskId = progress?.task?.id ?? 0;
      const connection = await readFile(path.join(up.dataFolder, 'review', 'connection.json'), 'utf8');
      const { page, complaints } = await openWindow(browser, {
        ...(JSON.parse(connection) as { url: string; token: string }),
        path: `/tasks/${taskId}`,
      });
      await page.getByRole('link', { name: 'Start reviewing' }).click();
      const review = new ReviewWindow(page);
      await review.shown(0);
      const frames = Number((await page.locator('.progress-line').innerText()).split('/')[1]);
      expect(frames).toBeGreaterThanOrEqual(leastFrames);
      const size = await review.frameSize();
      const names: string[] = [];
      const drawn = new Map<string, Rect[]>();
      for (let frame = 0; frame < frames; frame += 1) {
        await review.shown(frame);
        const name = (await page.locator('.filmstrip-item.current').getAttribute('title')) ?? '';
        names.push(name.replace('.jpg', ''));
        // The model's boxes go; every fifth frame stays empty, the others get a box by mouse of each of two classes.
        await review.press('x');
        const boxes: Rect[] = [];
        for (const [index, { from, to }] of (frame % 5 === 4 ? [] : plan(frame)).entries()) {
          await review.press(String(index + 1));
          boxes.push(await review.drag(from, to));
          await review.press('Escape');
        }
        drawn.set(names[frame] ?? '', boxes);
        await review.press('f');
      }
      await review.saved();
      await review.press('Control+Enter');
      await page.getByRole('dialog').getByText(`All ${frames} frames are reviewed.`).waitFor();
      await review.press('Enter');
      await page.getByText('the last open job').waitFor();
      await page.getByRole('button', { name: 'See the rounds' }).click();
      await page.getByText('finished', { exact: true }).waitFor({ timeout: 120_000 });
      await untilStatus(up, workflowId, 'finished', ({ state }) => state === 'COMPLETED');
      await page.getByRole('link', { name: 'Dataset' }).click();
      await page.getByText('boxes per frame').waitFor();
      expect(complaints).toEqual([]);

      const dataset = path.join(up.dataFolder, 'dataset');
      const classes = (await readFile(path.join(dataset, 'data.yaml'), 'utf8')).match(/(?<=\d: ).+/g) ?? [];
      expect(classes.length).toBeGreaterThanOrEqual(2);
      const labels = await readLabels(path.join(dataset, 'labels', 'train'), size);
      expect([...labels.keys()].sort()).toEqual([...names].sort());
      for (const [name, boxes] of drawn) {
        // The first and the second label of the task are the first two classes: both come from the model, in its order.
        const expected = boxes.map((rect, index) => [index, ...sorted(rect)]);
        const found = labels.get(name) ?? [];
        expect(found.length, name).toBe(expected.length);
        for (const [index, values] of expected.entries()) {
          for (const [place, value] of values.entries()) {
            expect(Math.abs((found[index]?.[place] ?? NaN) - value), `${name} ${place}`).toBeLessThanOrEqual(1);
          }
        }
      }
      await page.context().close();
    },
    sessionTimeoutMs,
  );
});

/** From any corner to the opposite one: left, top, right, bottom. */
const sorted = ({ x1, y1, x2, y2 }: Rect) => [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];

/** Class and corners in pixels of every label, by frame, in the order of the classes. */
async function readLabels(folder: string, { width, height }: Size): Promise<Map<string, number[][]>> {
  const labels = new Map<string, number[][]>();
  for (const name of await readdir(folder)) {
    const lines = (await readFile(path.join(folder, name), 'utf8')).split('\n').filter((line) => line !== '');
    const boxes = lines.map((line) => {
      const [id = 0, x = 0, y = 0, w = 0, h = 0] = line.split(' ').map(Number);
      return [id, (x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height];
    });
    labels.set(
      path.parse(name).name,
      boxes.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)),
    );
  }
  return labels;
}
