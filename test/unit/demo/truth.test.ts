import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadClipTruth } from '../../../src/demo/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-truth-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const clip = Buffer.from('stands for a video: only its bytes matter here');
/** `file-<12 hex of sha256(content)>`, as every local video is named. */
const videoKey = `file-${createHash('sha256').update(clip).digest('hex').slice(0, 12)}`;
const truth = {
  video: 'clip.mp4',
  fps: 12.5,
  width: 640,
  height: 360,
  classes: ['player', 'referee', 'ball'],
  frames: [
    [0, 0, [[0, 1, 2, 3, 4]]],
    [0.08, 0, [[2, 10, 20, 30.5, 40]]],
    [0.16, 1, []],
    [0.24, 1, [[1, 5, 6, 7, 8, 0.6]]],
  ],
};

describe('the truth of the bundled clips', () => {
  it('finds the boxes of a frame by its video and time, with or without the file extension', async () => {
    await writeFile(path.join(folder, 'clip.mp4'), clip);
    await writeFile(path.join(folder, 'clip.truth.json'), JSON.stringify(truth));
    const { videoKeys, boxesOf } = await loadClipTruth(folder);
    expect(videoKeys).toEqual([videoKey]);
    expect(boxesOf(`${videoKey}_000000000.jpg`)).toEqual([{ label: 'player', x1: 1, y1: 2, x2: 3, y2: 4 }]);
    expect(boxesOf(`${videoKey}_000000080`)).toEqual([{ label: 'ball', x1: 10, y1: 20, x2: 30.5, y2: 40 }]);
    expect(boxesOf(`${videoKey}_000000160.jpg`)).toEqual([]);
    // A box may say how much of the object is in sight.
    expect(boxesOf(`${videoKey}_000000240.jpg`)).toEqual([{ label: 'referee', x1: 5, y1: 6, x2: 7, y2: 8 }]);
  });

  it('takes the nearest picture within half a frame (40 ms), and none beyond', async () => {
    await writeFile(path.join(folder, 'clip.mp4'), clip);
    await writeFile(path.join(folder, 'clip.truth.json'), JSON.stringify(truth));
    const { boxesOf } = await loadClipTruth(folder);
    expect(boxesOf(`${videoKey}_000000119.jpg`)?.map((box) => box.label)).toEqual(['ball']);
    expect(boxesOf(`${videoKey}_000000121.jpg`)).toEqual([]);
    expect(boxesOf(`${videoKey}_000000199.jpg`)).toEqual([]);
    expect(boxesOf(`${videoKey}_000000281.jpg`)).toBeUndefined();
  });

  it('does not know frames of other videos, nor other names', async () => {
    await writeFile(path.join(folder, 'clip.mp4'), clip);
    await writeFile(path.join(folder, 'clip.truth.json'), JSON.stringify(truth));
    const { boxesOf } = await loadClipTruth(folder);
    expect(boxesOf('file-000000000000_000000000.jpg')).toBeUndefined();
    expect(boxesOf('holiday.jpg')).toBeUndefined();
  });

  it('says what is missing or broken', async () => {
    await expect(loadClipTruth(path.join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'DEMO_TRUTH_MISSING' });
    await expect(loadClipTruth(folder)).rejects.toMatchObject({ code: 'DEMO_TRUTH_MISSING' });
    const file = path.join(folder, 'clip.truth.json');
    await writeFile(file, JSON.stringify(truth));
    await expect(loadClipTruth(folder)).rejects.toMatchObject({ code: 'DEMO_TRUTH_MISSING' });
    await writeFile(file, JSON.stringify({ ...truth, classes: ['player'] }));
    await expect(loadClipTruth(folder)).rejects.toMatchObject({ code: 'DEMO_TRUTH_INVALID' });
    await writeFile(file, '{"video":');
    await expect(loadClipTruth(folder)).rejects.toMatchObject({ code: 'DEMO_TRUTH_INVALID' });
  });

  it('covers the three bundled clips', async () => {
    const { videoKeys, boxesOf } = await loadClipTruth();
    expect(videoKeys).toHaveLength(3);
    for (const key of videoKeys) expect(boxesOf(`${key}_000000000.jpg`)).not.toEqual([]);
  });
});
