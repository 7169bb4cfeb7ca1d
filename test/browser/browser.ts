import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { projectRoot } from '../../src/tools/index.js';
import type { Rect } from '../../src/review/web/model/box.js';
import type { Point, Size } from '../../src/review/web/model/geometry.js';

/** Where Debian, Ubuntu and Google's own package put it. */
const programs = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].filter((file) => file !== undefined);

const program = programs.find((file) => existsSync(file));
const page = path.join(projectRoot(), 'dist', 'review', 'web', 'index.html');

/** Why the tests of the page cannot run here; undefined where they can. */
export const noBrowser: string | undefined =
  program === undefined
    ? 'no Chromium was found: install it (apt-get install chromium) or name it in CHROMIUM_PATH'
    : existsSync(page)
      ? undefined
      : 'the page is not built: npm run build';

if (noBrowser !== undefined) console.warn(`The tests of the web page are skipped: ${noBrowser}`);

/** @param args what Chromium is told beyond the usual */
export function startBrowser(...args: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    // Tests run as root in containers, where Chromium's own sandbox does not; nothing is to be fetched from elsewhere.
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...args],
  });
}

/** A window that is signed in, and what its page complained about. */
export async function openWindow(
  browser: Browser,
  link: { url: string; token: string; path?: string },
  options: { width?: number; height?: number; theme?: 'light' | 'dark'; scale?: number } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const { width = 1440, height = 900, theme = 'light', scale = 1 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    deviceScaleFactor: scale,
  });
  // On a machine with much else to do, a page may take long to come.
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${link.url}${link.path ?? '/'}?token=${link.token}`);
  return { page, complaints };
}

/** Keeps a picture of the page for people to look at, in a folder that is not part of the repository. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = path.join(projectRoot(), '.tools', 'screenshots');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** From the next load on the page does not look every 15 seconds for what others did: only what it is told does it know. */
export async function neverLook(page: Page): Promise<void> {
  await page.addInitScript(
    '{ const { setInterval } = window; window.setInterval = (work, ms) => ms < 15000 && setInterval(work, ms); }',
  );
}

/** What a person does on the page of a job, with the mouse and the keyboard. */
export class ReviewWindow {
  constructor(readonly page: Page) {}

  /** Waits until the frame with this number in its task is on the screen. */
  shown(frame: number): Promise<unknown> {
    return this.page.waitForSelector(`.stage[data-shown="${frame}"]`);
  }

  async saved(): Promise<void> {
    // What was just done is drawn first; until then the page still says that all is saved.
    await this.drawn();
    await this.page.waitForSelector('.save-status.saved');
  }

  /** Waits until so many boxes are drawn on the frame. */
  async boxes(count: number): Promise<void> {
    const boxes = this.page.locator('.overlay .box');
    if (count > 0) await boxes.nth(count - 1).waitFor({ state: 'attached' });
    await boxes.nth(count).waitFor({ state: 'detached' });
  }

  press(...keys: string[]): Promise<void> {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  /** Drags from one place of the frame to another, in pixels of the frame, and says which places the mouse really met. */
  async drag(from: Point, to: Point): Promise<Rect> {
    const { x, y, scale } = await this.placeOfFrame();
    const toScreen = (point: Point) => ({ x: Math.round(x + point.x * scale), y: Math.round(y + point.y * scale) });
    const [a, b] = [toScreen(from), toScreen(to)];
    await this.page.mouse.move(a.x, a.y);
    await this.page.mouse.down();
    await this.page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2);
    await this.page.mouse.move(b.x, b.y);
    await this.page.mouse.up();
    return { x1: (a.x - x) / scale, y1: (a.y - y) / scale, x2: (b.x - x) / scale, y2: (b.y - y) / scale };
  }

  async click(at: Point): Promise<void> {
    const { x, y, scale } = await this.placeOfFrame();
    await this.page.mouse.click(x + at.x * scale, y + at.y * scale);
  }

  /** Of the frame that is shown, in its own pixels. */
  frameSize(): Promise<Size> {
    return this.page.locator('.picture img').evaluate((element) => {
      const image = element as unknown as { naturalWidth: number; naturalHeight: number };
      return { width: image.naturalWidth, height: image.naturalHeight };
    });
  }

  /** Where the frame lies on the screen, as it is drawn when all that was done is drawn. */
  async place(): Promise<Point & { scale: number }> {
    await this.drawn();
    return this.placeOfFrame();
  }

  private drawn(): Promise<unknown> {
    return this.page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  }

  /** Where the frame lies on the screen; measured on the picture itself, not by what the page believes. */
  private async placeOfFrame(): Promise<Point & { scale: number }> {
    const box = await this.page.locator('.picture img').boundingBox();
    const { width } = await this.frameSize();
    if (box === null) throw new Error('no frame is shown');
    return { x: box.x, y: box.y, scale: box.width / width };
  }
}
