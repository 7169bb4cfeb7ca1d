/**
 * The annotation server with 20,000 frames in 100 tasks: how long each list takes to answer, against the target of 100 ms,
 * and how long the pages take to open in Chromium, against one second.
 */
import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { startReviewServer, type ReviewServer } from '../src/review/server/index.js';
import { openStore } from '../src/review/server/store/database.js';
import { noBrowser, openWindow, screenshot, startBrowser } from '../test/browser/browser.js';

export const description = 'lists and pages of the annotation server with 20,000 frames in 100 tasks';

const [tasks, framesPerTask, jobsPerTask, turns, targetMs] = [100, 200, 4, 20, 100];
const [opens, openTargetMs] = [7, 1000];

export async function run(): Promise<void> {
  const dataFolder = await mkdtemp(path.join(os.tmpdir(), 'frameloop-bench-'));
  let server = await startReviewServer({ dataFolder });
  try {
    // The first start makes the tables.
    await server.close();
    await fill(path.join(dataFolder, 'review.sqlite'));
    await putPictures(dataFolder);
    server = await startReviewServer({ dataFolder });
    for (const url of [
      ...[
        'projects',
        'tasks',
        'tasks?page_size=100',
        'tasks?project_id=1&sort=-updated_date',
        'jobs',
        'jobs?page_size=500',
      ],
      ...['jobs?state=completed', 'jobs?filter={"in":["round",{"var":"task_name"}]}', 'labels', 'requests', 'tasks/50'],
      ...['tasks/50/data/meta', 'tasks/50/annotations', 'jobs/200/data/meta', 'frameloop/rounds', 'frameloop/dataset'],
    ]) {
      const times: number[] = [];
      for (let turn = 0; turn < turns; turn += 1) {
        const start = performance.now();
        const headers = { authorization: `Bearer ${server.token}` };
        const answer = await fetch(`${server.url}/api/${url}`, { headers });
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        times.push(performance.now() - start);
      }
      print(url, times, targetMs);
    }
    if (noBrowser === undefined) await openPages(server);
    else console.log(`The pages are not opened: ${noBrowser}`);
  } finally {
    await server.close();
    await rm(dataFolder, { recursive: true, force: true });
  }
}

function print(name: string, times: number[], target: number): void {
  times.sort((a, b) => a - b);
  const [median = NaN, slowest = NaN] = [times[Math.floor(times.length / 2)], times.at(-1)];
  const measured = `median ${median.toFixed(1)} ms, slowest of ${times.length} ${slowest.toFixed(1)} ms`;
  console.log(`${name.padEnd(52)}${measured} (target ${target} ms)`);
  if (median > target) process.exitCode = 1;
}

/** From the address to the first frame, or to the last card of the list. */
async function openPages(server: ReviewServer): Promise<void> {
  const browser = await startBrowser();
  try {
    const { page } = await openWindow(browser, server);
    for (const [name, url, ready] of [
      ['tasks page', '/', '.card.task:last-of-type'],
      ['review page of a job', '/tasks/50/jobs/200', `.stage[data-shown="${framesPerTask - 50}"]`],
    ] as const) {
      const times: number[] = [];
      for (let turn = 0; turn < opens; turn += 1) {
        const start = performance.now();
        await page.goto(server.url + url);
        await page.waitForSelector(ready, { state: 'attached' });
        times.push(performance.now() - start);
      }
      print(name, times, openTargetMs);
      await screenshot(page, `bench-${name.replaceAll(' ', '-')}`);
    }
  } finally {
    await browser.close();
  }
}

/** The same small picture for every frame: what a list costs does not depend on what is to be seen. */
async function putPictures(dataFolder: string): Promise<void> {
  const picture = path.join(dataFolder, 'picture.jpg');
  const create = { width: 1920, height: 1080, channels: 3 as const, background: '#667788' };
  await writeFile(picture, await sharp({ create }).jpeg().toBuffer());
  for (let task = 1; task <= tasks; task += 1) {
    const folder = path.join(dataFolder, 'pictures', String(task));
    await mkdir(folder);
    for (let frame = 0; frame < framesPerTask; frame += 1)
      await link(picture, path.join(folder, `${task}-${frame}.jpg`));
  }
}

/** Fills the tables as uploads and creations would, without the pictures. */
async function fill(file: string): Promise<void> {
  const store = await openStore(file);
  const dates = { created_date: '2026-01-01T00:00:00.000Z', updated_date: '2026-01-01T00:00:00.000Z' };
  await store.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('projects')
      .values({ name: 'bench', bug_tracker: '', ...dates })
      .execute();
    const label = { project_id: 1, task_id: null, name: 'person', color: '#56b4e9', type: 'any' };
    await transaction.insertInto('labels').values(label).execute();
    for (let task = 1; task <= tasks; task += 1) {
      await transaction
        .insertInto('tasks')
        .values({
          ...{ name: `round ${task}`, project_id: 1, subset: '', bug_tracker: '', assignee_id: null, segment_size: 50 },
          ...{ has_data: 1, size: framesPerTask, image_quality: 70, chunk_size: 36, data_date: null, ...dates },
        })
        .execute();
      const frames = Array.from({ length: framesPerTask }, (_, frame) => frame);
      await transaction
        .insertInto('pictures')
        .values(
          frames.map((frame) => ({
            ...{
              task_id: task,
              name: `video-${task}_${String(frame).padStart(9, '0')}.jpg`,
              file: `${task}-${frame}.jpg`,
            },
            ...{ sha256: '', frame, width: 1920, height: 1080 },
          })),
        )
        .execute();
      const size = framesPerTask / jobsPerTask;
      await transaction
        .insertInto('jobs')
        .values(
          Array.from({ length: jobsPerTask }, (_, job) => ({
            ...{
              task_id: task,
              start_frame: job * size,
              stop_frame: (job + 1) * size - 1,
              stage: 'annotation' as const,
            },
            ...{ state: job === 0 ? ('completed' as const) : ('new' as const), assignee_id: null, ...dates },
          })),
        )
        .execute();
      const body = { type: 'rectangle', points: [1, 2, 3, 4], rotation: 0, occluded: false, score: 0.9 };
      await transaction
        .insertInto('annotations')
        .values(
          frames.flatMap((frame) =>
            [0, 1, 2].map(() => ({
              ...{ task_id: task, kind: 'shape' as const, frame, label_id: 1, body: JSON.stringify(body) },
            })),
          ),
        )
        .execute();
      await transaction
        .insertInto('requests')
        .values({
          ...{ id: `action=create&target=task&target_id=${task}`, action: 'create', subresource: null, task_id: task },
          ...{ project_id: 1, format: null, payload: '{}', status: 'finished', message: '' },
          created_date: dates.created_date,
        })
        .execute();
    }
  });
  await store.destroy();
}
