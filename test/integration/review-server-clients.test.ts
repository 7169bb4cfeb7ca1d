import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { jpeg } from './review-server-client.js';

/** A Python that has cvat-sdk and cvat-cli, as `.ci/run` makes one; without it these tests are skipped. */
const python = process.env.FRAMELOOP_TEST_CVAT_PYTHON;
const title = 'CVAT’s own Python clients, unmodified, against the embedded server';
const reason = 'skipped: FRAMELOOP_TEST_CVAT_PYTHON names no Python with cvat-sdk and cvat-cli (.ci/run makes one)';

const password = 'only for this test';
const sdkRun = {
  user: 'reviewer',
  // By hand: the middle of 65 x 48 pixels, a quarter wide and half high.
  imported: [[1, 'dog', [24.375, 12, 40.625, 36]]],
  listed: [['sdk task', 3]],
  filtered: [true],
  jobs: [
    [0, 1, 'new', 'annotation'],
    [2, 2, 'new', 'annotation'],
  ],
  frames: [
    ['f_0.jpg', 64, 48],
    ['f_1.jpg', 65, 48],
    ['f_2.jpg', 66, 48],
  ],
  'job frames': ['f_2.jpg'],
  'frame bytes': [true, true],
  preview: true,
  set: [[0, 'cat', [1, 2, 30.5, 20]]],
  added: [1, 1],
  moved: [
    [0, 'cat', [2, 2, 31, 20]],
    [2, 'cat', [5, 5, 6, 6]],
  ],
  left: [[2, 'cat', [5, 5, 6, 6]]],
  'job set': [
    [2, 'cat', [5, 5, 6, 6]],
    [0, 'cat', [1, 2, 30.5, 20]],
  ],
  'left out': [[1], [1], []],
  without: [
    ...['data.yaml', 'images/train/f_0.jpg', 'images/train/f_2.jpg'],
    ...['labels/train/f_0.txt', 'labels/train/f_2.txt', 'train.txt'],
  ],
  issues: 0,
  archives: {
    plain: ['data.yaml', 'labels/train/f_0.txt', 'labels/train/f_2.txt', 'train.txt'],
    pictures: [
      'data.yaml',
      ...['images/train/f_0.jpg', 'images/train/f_1.jpg', 'images/train/f_2.jpg'],
      ...['labels/train/f_0.txt', 'labels/train/f_2.txt', 'train.txt'],
    ],
    coco: ['annotations/instances_default.json'],
    job: ['data.yaml', 'labels/train/f_0.txt', 'train.txt'],
    project: ['data.yaml', 'labels/train/f_0.txt', 'labels/train/f_2.txt', 'train.txt'],
  },
  removed: 0,
  'back from COCO': [
    [0, 'cat', [1, 2, 30.5, 20]],
    [2, 'cat', [5, 5, 6, 6]],
  ],
  copy: [
    [
      'train',
      3,
      [
        [0, 'cat', [1, 2, 30.5, 20]],
        [2, 'cat', [5, 5, 6, 6]],
      ],
    ],
  ],
  'project preview': true,
  done: [
    ['completed', 'annotation'],
    ['completed', 'acceptance'],
  ],
  completed: [true],
  gone: true,
  projects: [],
};

describe.skipIf(python === undefined)(python === undefined ? `${title} (${reason})` : title, () => {
  let folder: string;
  let server: ReviewServer;
  let seen: Record<string, unknown>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'review-clients-'));
    server = await startReviewServer({ dataFolder: path.join(folder, 'server'), password });
    const pictures = path.join(folder, 'pictures');
    await mkdir(pictures);
    for (const index of [0, 1, 2]) {
      await writeFile(path.join(pictures, `f_${index}.jpg`), await jpeg(50 * index, 64 + index));
    }
    const script = path.join(import.meta.dirname, 'official-clients', 'drive.py');
    const { stdout } = await execa(python ?? '', [script, server.url, server.token, password, pictures], {
      // The clients keep a cache and settings in the home folder.
      env: { HOME: folder, PYTHONDONTWRITEBYTECODE: '1' },
    });
    seen = JSON.parse(stdout) as Record<string, unknown>;
  });

  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(['sdk with token', 'sdk with password'])('%s: a project from its creation to its end', (run) => {
    expect(seen[run]).toEqual(sdkRun);
  });

  test('a session that was logged out is over', () => {
    expect(seen['after logout']).toBe('out');
  });

  test('cvat-cli: the same by commands', () => {
    expect(seen['cli']).toEqual({
      listed: [['cli task', 3]],
      projects: true,
      archives: {
        plain: ['data.yaml', 'labels/train/f_0.txt', 'train.txt'],
        pictures: [
          'data.yaml',
          ...['images/train/f_0.jpg', 'images/train/f_1.jpg', 'images/train/f_2.jpg'],
          ...['labels/train/f_0.txt', 'train.txt'],
        ],
        project: [
          'data.yaml',
          ...['images/train/f_0.jpg', 'images/train/f_1.jpg', 'images/train/f_2.jpg'],
          ...['labels/train/f_2.txt', 'train.txt'],
        ],
      },
      frame: [true],
      left: false,
    });
  });
});
