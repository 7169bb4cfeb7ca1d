import { execa } from 'execa';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClipTruth } from '../../src/demo/index.js';
import { findTool } from '../../src/tools/index.js';
import { demoClip, demoModel, runCli, shownError } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/programs.js';

/** The documents that other programs read: their keys and units are a promise. */
let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('single-steps'));
  const { path: ffmpeg } = await findTool('ffmpeg');
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=25:duration=4'];
  const encoding = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '25'];
  await execa(ffmpeg, ['-v', 'error', ...picture, ...encoding, path.join(folder, 'clip.mp4')]);
});
afterAll(() => remove());

const run = (...args: string[]) => runCli(args, { cwd: folder });
const lines = (stdout: string) => stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe('probe --json', () => {
  it('is one document with exactly the promised keys', async () => {
    const { exitCode, stdout, stderr } = await run('probe', '--json', 'clip.mp4');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    // Values: what the clip was made with above.
    expect(JSON.parse(stdout)).toEqual({
      file: path.join(folder, 'clip.mp4'),
      container: expect.stringContaining('mp4') as string,
      codec: 'h264',
      pixelFormat: 'yuv420p',
      ...{ width: 320, height: 240, rotation: 0, fps: 25, duration: 4, startTime: 0 },
      ...{ variableFrameRate: false, usable: true, reasons: [] },
    });
  });
});

describe('frames --json', () => {
  it('is one line for each picture that was taken, with its time in seconds', async () => {
    const { exitCode, stdout } = await run('frames', '--json', 'clip.mp4', '--every', '1', '--out', 'pictures');
    expect(exitCode).toBe(0);
    const frames = lines(stdout);
    expect(frames.map(({ pts }) => pts)).toEqual([0, 1, 2, 3]);
    for (const frame of frames) {
      expect(Object.keys(frame).sort()).toEqual(['file', 'frameId', 'pts']);
      const { file, frameId, pts } = frame as { file: string; frameId: string; pts: number };
      expect(frameId).toMatch(/^file-[0-9a-f]{12}_\d{9}$/);
      expect(Number(frameId.slice(-9))).toBe(pts * 1000);
      expect(path.basename(file)).toBe(`${frameId}.jpg`);
      expect(await sharp(file).metadata()).toMatchObject({ format: 'jpeg', width: 320, height: 240 });
    }
  });

  it('makes nothing of a file that is no video', async () => {
    const { exitCode, stderr } = await run('frames', demoModel, '--out', 'nothing');
    expect({ exitCode, code: shownError(stderr).code }).toEqual({ exitCode: 1, code: 'VIDEO_UNUSABLE' });
    expect(await readdir(folder)).not.toContain('nothing');
  });
});

describe('detect --json', () => {
  it('is one line for each picture, with boxes in its pixels, best first', async () => {
    const taken = await run('frames', '--json', demoClip('day'), '--every', '7', '--out', 'match');
    const pictures = lines(taken.stdout).map(({ file }) => file as string);
    const { exitCode, stdout } = await run('detect', '--json', '--model', demoModel, ...pictures);
    expect(exitCode).toBe(0);
    const results = lines(stdout) as {
      image: string;
      width: number;
      height: number;
      boxes: { classId: number; label: string; confidence: number; x1: number; y1: number; x2: number; y2: number }[];
    }[];
    expect(results.map(({ image }) => image)).toEqual(pictures);
    const truth = await loadClipTruth();
    let matches = 0;
    for (const { image, width, height, boxes, ...rest } of results) {
      expect(rest).toEqual({});
      expect({ width, height }).toEqual({ width: 640, height: 360 });
      expect(boxes.map(({ confidence }) => confidence)).toEqual(
        boxes.map(({ confidence }) => confidence).sort((one, other) => other - one),
      );
      for (const { classId, label, confidence, x1, y1, x2, y2, ...more } of boxes) {
        expect(more).toEqual({});
        expect(['player', 'goalkeeper', 'referee', 'ball', 'goal', 'corner_flag'][classId]).toBe(label);
        expect(confidence).toBeGreaterThan(0.25);
        expect(0 <= x1 && x1 < x2 && x2 <= 640 && 0 <= y1 && y1 < y2 && y2 <= 360).toBe(true);
      }
      // Where the clip was drawn with a whole match, the best box is on something of it.
      const objects = truth.boxesOf(path.basename(image)) ?? [];
      if (objects.length < 5) continue;
      matches += 1;
      const best = boxes[0];
      const [x, y] = best ? [(best.x1 + best.x2) / 2, (best.y1 + best.y2) / 2] : [-1, -1];
      expect(objects.some((box) => box.x1 <= x && x <= box.x2 && box.y1 <= y && y <= box.y2)).toBe(true);
    }
    expect(matches).toBeGreaterThan(0);
  });
});
