import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type Result } from 'execa';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClipTruth } from '../../src/demo/index.js';
import { findTool } from '../../src/tools/index.js';
import { probeVideo } from '../../src/video/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-footage-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const script = (name: string, ...options: string[]): Promise<Result> =>
  execa(process.execPath, ['--import', 'tsx', path.join(root, 'demo', name), ...options], { cwd: root, reject: false });

/** The MD5 of each decoded frame, by ffmpeg. */
async function frameHashes(file: string): Promise<string> {
  const ffmpeg = await findTool('ffmpeg');
  const { stdout } = await execa(ffmpeg.path, ['-v', 'error', '-i', file, '-f', 'framemd5', '-']);
  return stdout;
}

describe('demo/make-footage.ts', () => {
  it('writes the same truth and the same frames for the same seed, and truth that the demo can read', async () => {
    const options = '--seed 3 --seconds 8 --size 320x180 --fps 12.5 --league mixed'.split(' ');
    const [first, second] = ['a', 'b'].map((name) => path.join(folder, name, 'clip.mp4')) as [string, string];
    for (const file of [first, second]) {
      expect(await script('make-footage.ts', '--out', file, ...options)).toMatchObject({ exitCode: 0, stderr: '' });
    }
    const truthFile = path.join(path.dirname(first), 'clip.truth.json');
    const json = await readFile(truthFile, 'utf8');
    expect(await readFile(path.join(path.dirname(second), 'clip.truth.json'), 'utf8')).toBe(json);
    expect(await frameHashes(second)).toBe(await frameHashes(first));
    expect((await readdir(path.dirname(first))).sort()).toEqual(['clip.mp4', 'clip.truth.json']);

    expect(await probeVideo(first)).toMatchObject({ width: 320, height: 180, codec: 'h264', fps: 12.5 });
    const truth = JSON.parse(json) as { frames: [number, number, number[][]][]; seed: number; league: string };
    expect(truth).toMatchObject({ seed: 3, league: 'mixed' });
    expect(truth.frames).toHaveLength(100); // 8 s at 12.5
    const { videoKeys, boxesOf } = await loadClipTruth(path.dirname(first));
    const [pts, , boxes] = truth.frames.find(([, , some]) => some.length > 3) ?? [0, 0, []];
    const frame = `${videoKeys[0]}_${String(Math.round(pts * 1000)).padStart(9, '0')}.jpg`;
    expect(boxesOf(frame)).toHaveLength(boxes.length);
  });

  it.each([
    [[], '--out is missing'],
    [['--out', 'x.mp4', '--size', '641x360'], '--size'],
    [['--out', 'x.mp4', '--seconds', 'soon'], '--seconds'],
    [['--out', 'x.mp4', '--league', 'hall'], '--league'],
    [['--out', 'x.mp4', '--colour', 'red'], '--colour'],
  ])('refuses %j and names what is wrong', async (options, named) => {
    const { exitCode, stderr } = await script('make-footage.ts', ...options);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(named);
    expect(stderr).toContain('Usage:');
  });
});

describe('demo/make-dataset.ts', () => {
  it('writes a YOLO dataset whose sides share no video, and replaces nothing but such a dataset', async () => {
    const out = path.join(folder, 'dataset');
    const options = ['--out', out, '--train', '24', '--val', '8', '--negatives', '0.25', '--seed', '2'];
    expect(await script('make-dataset.ts', ...options)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readFile(path.join(out, 'data.yaml'), 'utf8')).toBe(
      'path: .\ntrain: images/train\nval: images/val\nnames:\n' +
        '  0: player\n  1: goalkeeper\n  2: referee\n  3: ball\n  4: goal\n  5: corner_flag\n',
    );
    const videos: Record<string, Set<string>> = {};
    for (const [side, count] of [
      ['train', 24],
      ['val', 8],
    ] as const) {
      const images = (await readdir(path.join(out, 'images', side))).sort();
      const labels = (await readdir(path.join(out, 'labels', side))).sort();
      expect(images).toHaveLength(count);
      expect(labels).toEqual(images.map((name) => name.replace('.jpg', '.txt')));
      videos[side] = new Set(images.map((name) => name.split('_')[0] ?? ''));
      const lines = await Promise.all(labels.map((name) => readFile(path.join(out, 'labels', side, name), 'utf8')));
      expect(lines.filter((text) => text === '')).toHaveLength(count * 0.25);
      // Class, middle and size as shares of the picture, and no box beyond its edges.
      for (const line of lines.join('').trimEnd().split('\n')) {
        expect(line).toMatch(/^[0-5]( [01]\.\d{6}){4}$/);
        const [, x = NaN, y = NaN, width = NaN, height = NaN] = line.split(' ').map(Number);
        for (const [middle, size] of [
          [x, width],
          [y, height],
        ] as const) {
          expect(middle - size / 2).toBeGreaterThanOrEqual(-1e-5);
          expect(middle + size / 2).toBeLessThanOrEqual(1 + 1e-5);
        }
      }
      const picture = await sharp(path.join(out, 'images', side, images[0] ?? '')).metadata();
      expect(picture).toMatchObject({ width: 640, height: 360, format: 'jpeg' });
    }
    expect([...(videos.train ?? [])].filter((video) => videos.val?.has(video))).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([]);

    await writeFile(path.join(out, 'data.yaml'), 'names: [mine]\n');
    const refused = await script('make-dataset.ts', ...options);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('holds something else');
    expect(await readdir(path.join(out, 'images', 'train'))).toHaveLength(24);
  });
});
