import { execa } from 'execa';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findTool } from '../../src/tools/index.js';
import { normaliseVideo, probeVideo, sampleFrames } from '../../src/video/index.js';
import { temporaryFolder } from '../helpers/programs.js';

/** A small file whose pictures are huge: 144 million pixels each, some 200 MB when they are decoded. */
describe.skipIf(process.platform !== 'linux')('a file that blows up in memory (limits: Linux only)', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let bomb: string;

  beforeAll(async () => {
    ({ folder, remove } = await temporaryFolder('memory'));
    bomb = path.join(folder, 'bomb.mkv');
    const { path: ffmpeg } = await findTool('ffmpeg');
    const picture = ['-f', 'lavfi', '-i', 'color=s=12000x12000:r=1:d=3', '-frames:v', '3'];
    await execa(ffmpeg, ['-v', 'error', ...picture, '-c:v', 'mjpeg', '-threads', '1', bomb]);
    vi.stubEnv('FRAMELOOP_PROGRAM_MEMORY_MB', '150');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await remove();
  });

  const collect = async (): Promise<void> => {
    const options = { videoKey: 'file-bomb', outputFolder: folder, everySeconds: 1 };
    for await (const _step of sampleFrames(await probeVideo(bomb), options));
  };

  it.each([
    ['taking frames', collect],
    ['the format fix', () => normaliseVideo(bomb)],
  ])('%s ends with the reason, and with us alive', async (_, run) => {
    await expect(run()).rejects.toMatchObject({ code: 'PROGRAM_MEMORY', retryable: false });
  });
});
