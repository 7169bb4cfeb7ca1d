import { execa } from 'execa';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findTool } from '../../src/tools/index.js';
import { tinyDetector, writeOnnxModel } from '../fixtures/onnx/writer.js';
import { runCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/programs.js';

/** `frameloop detect` with a model that sees one `ball` in every picture, of a quarter of its width in the middle. */
let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('detect'));
  const values = [32, 32, 16, 8, 0.75].map((value, row) => [row, 7, value] as const);
  const metadata = { stride: '32', names: "{0: 'ball'}", task: 'detect' };
  await writeOnnxModel(path.join(folder, 'model.onnx'), tinyDetector({ rows: 5, columns: 84, values, metadata }));
  await mkdir(path.join(folder, 'pictures', 'more'), { recursive: true });
  const grey = sharp({ create: { width: 128, height: 64, channels: 3, background: '#808080' } });
  for (const name of ['frame10.jpg', 'frame2.png', path.join('more', 'frame1.webp')]) {
    await grey.clone().toFile(path.join(folder, 'pictures', name));
  }
  await writeFile(path.join(folder, 'pictures', 'notes.txt'), 'no picture');
});
afterAll(() => remove());

const run = (...args: string[]) => runCli(['detect', '--model', 'model.onnx', ...args], { cwd: folder });
const lines = (stdout: string) => stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
const filesIn = async (name: string) => {
  const entries = await readdir(path.join(folder, name), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(path.join(folder, name), path.join(entry.parentPath, entry.name))).sort();
};

it('goes through a folder in natural order, draws, and writes label files, below the names of the folder', async () => {
  const { exitCode, stdout } = await run(
    '--json',
    '--draw',
    'drawn',
    '--save-txt',
    'labels',
    '--save-conf',
    'pictures',
  );
  expect(exitCode).toBe(0);
  const order = ['frame2.png', 'frame10.jpg', path.join('more', 'frame1.webp')];
  expect(lines(stdout).map(({ image }) => image)).toEqual(order.map((name) => path.join('pictures', name)));
  expect(await filesIn('drawn')).toEqual([...order].sort());
  expect(await filesIn('labels')).toEqual(['frame10.txt', 'frame2.txt', path.join('more', 'frame1.txt')]);
  // 16x8 around the middle of 64x64 is 32x16 of 128x64.
  expect(await readFile(path.join(folder, 'labels', 'frame2.txt'), 'utf8')).toBe('0 0.5 0.5 0.25 0.25 0.75\n');
  // The box's line is no longer grey, its inside still is.
  const { data } = await sharp(path.join(folder, 'drawn', 'frame2.png'))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixel = (x: number, y: number) => [...data.subarray((y * 128 + x) * 3, (y * 128 + x) * 3 + 3)];
  expect(pixel(80, 36)).not.toEqual([128, 128, 128]);
  expect(pixel(64, 32)).toEqual([128, 128, 128]);
});

it('goes on after a picture that cannot be read, names it, and ends with 1', async () => {
  const { exitCode, stdout, stderr } = await run('pictures/notes.txt', 'pictures/frame2.png');
  expect(exitCode).toBe(1);
  expect(stdout).toContain('pictures/frame2.png: 1 objects');
  expect(stderr).toContain('notes.txt');
  expect(stderr).toContain('error[PICTURES_FAILED]: 1 of 2 pictures');
});

it('takes frames of a video at the wanted times', async () => {
  const { path: ffmpeg } = await findTool('ffmpeg');
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=128x64:rate=10:duration=3'];
  await execa(ffmpeg, ['-v', 'error', ...picture, '-c:v', 'libx264', path.join(folder, 'clip.mp4')]);
  const { exitCode, stdout } = await run('--json', '--every', '1', '--save-txt', 'frames', 'clip.mp4');
  expect(exitCode).toBe(0);
  expect(lines(stdout).map(({ image, pts }) => [image, pts])).toEqual([0, 1, 2].map((pts) => ['clip.mp4', pts]));
  expect(await filesIn('frames')).toEqual(['clip_000000000.txt', 'clip_000001000.txt', 'clip_000002000.txt']);
});
