/**
 * The review page in Chromium: how long a key press takes until the next frame is on the screen, and how much longer a job
 * of 1,000 frames takes to open than one of 10.
 */
import { noBrowser, openWindow, ReviewWindow, startBrowser } from '../test/browser/browser.js';
import { makeTask, startDesk } from '../test/browser/review-server.js';

export const description = 'key press to next frame, and opening 1,000 frames against 10';

const opens = 7;
/** What a person does not notice: the target for a key press. */
const targetMs = 100;
/** A job of 1,000 frames opens as fast as one of 10; the rest is what two medians differ by chance. */
const targetRatio = 1.15;

/** From the key press to the second frame of the screen after the picture has changed: then it is really seen. */
const timeKeys = `(async () => {
  const times = [];
  for (let index = 1; index <= 40; index += 1) {
    const start = performance.now();
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'f', bubbles: true }));
    while (document.querySelector('.stage').dataset.shown !== String(index)) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - start);
    // About as fast as a key repeats when it is held down.
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return times;
})()`;

export async function run(): Promise<void> {
  if (noBrowser !== undefined) throw new Error(noBrowser);
  const browser = await startBrowser();
  const desk = await startDesk();
  try {
    const boxes = Array.from({ length: 10 }, (_, index) => ({
      ...{ label_id: desk.labelIds[0] ?? 0, score: 0.9 },
      points: [10 + 60 * index, 20, 60 + 60 * index, 120],
    }));
    const [short, long] = [await makeTask(desk, 10, () => boxes), await makeTask(desk, 1000, () => boxes)];
    const { page } = await openWindow(browser, desk.server);
    const review = new ReviewWindow(page);
    const open = async ({ taskId, jobId }: typeof short) => {
      const start = performance.now();
      await page.goto(`${desk.server.url}/tasks/${taskId}/jobs/${jobId}`);
      await review.shown(0);
      return performance.now() - start;
    };
    // One after the other, so that what else the machine does meets both.
    const times = { short: [] as number[], long: [] as number[] };
    for (let turn = 0; turn < opens; turn += 1) {
      times.short.push(await open(short));
      times.long.push(await open(long));
    }
    const keys = await page.evaluate<number[]>(timeKeys);
    const [shortMs, longMs, keyMs] = [median(times.short), median(times.long), median(keys)];
    const row = (name: string, value: string) => console.log(`${name.padEnd(46)}${value}`);
    row('job of 10 frames, opened', `${shortMs.toFixed(0)} ms`);
    row('job of 1,000 frames, opened', `${longMs.toFixed(0)} ms, ${(longMs / shortMs).toFixed(2)} times the short one`);
    row('key press to next frame, median', `${keyMs.toFixed(0)} ms`);
    row('key press to next frame, slowest of 40', `${Math.max(...keys).toFixed(0)} ms`);
    if (keyMs > targetMs || longMs > targetRatio * shortMs) process.exitCode = 1;
  } finally {
    await browser.close();
    await desk.stop();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
