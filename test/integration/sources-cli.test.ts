import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCli, shownError } from '../helpers/cli.js';
import { bytes } from './sources-server.js';
import { startSite, type TestSite } from './sources-site.js';
import { ffmpeg, h264, temporaryFolder, testPicture } from './video-clips.js';

let folder: string;
let remove: () => Promise<void>;
let site: TestSite;
let clip: Buffer;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  const file = path.join(folder, 'served.mp4');
  await ffmpeg(...testPicture(1, '25', '320x240'), ...h264, file);
  clip = await readFile(file);
  site = await startSite(folder, { '/clip.mp4': bytes(clip) });
  site.hits = [
    { id: 'gone', error: 'Video unavailable' },
    { id: 'a', duration: 61, upload_date: '20260102' },
  ];
  const youtube = { search_key: 'sitesearch', plugins: site.plugins, sleep_requests: 0, sleep_interval: 0 };
  await writeFile(path.join(folder, 'config.yaml'), stringify({ youtube }));
});
afterAll(async () => {
  await site.close();
  await remove();
});

const run = (...args: string[]) => runCli(args, { cwd: folder });
const lines = (stdout: string): unknown[] => stdout.split('\n').map((line) => JSON.parse(line) as unknown);

describe('search --json', () => {
  it('is one line for each video that can be had; others are named on stderr', async () => {
    const { exitCode, stdout, stderr } = await run('search', '--json', 'a game', '--limit', '3');
    expect(exitCode).toBe(0);
    expect(lines(stdout)).toEqual([
      {
        ...{ videoKey: 'sitevideo-a', siteId: 'a', source: 'search', url: `${site.origin}/watch/a`, query: 'a game' },
        ...{ title: 'Title of a', channel: 'A channel', durationSeconds: 61, uploadDate: '20260102' },
      },
    ]);
    expect(stderr).toMatch(/^left out \[VIDEO_UNAVAILABLE\]: .*\/watch\/gone: Video unavailable\.$/);
  });
});

describe('download --json', () => {
  it('is one line for each file; an address that fails is told at the end, and the others come', async () => {
    const urls = ['missing.mp4', 'clip.mp4'].map((name) => `${site.origin}/${name}`);
    const { exitCode, stdout, stderr } = await run('download', '--json', ...urls, '--out', 'videos');
    expect(exitCode).toBe(1);
    const [done, error] = lines(stdout) as [{ file: string; url: string }, unknown];
    expect(done).toMatchObject({ url: urls[1] });
    expect(path.dirname(done.file)).toBe(path.join(folder, 'videos'));
    expect((await readFile(done.file)).equals(clip)).toBe(true);
    expect(error).toMatchObject({ error: { code: 'VIDEO_UNAVAILABLE' } });
    expect(shownError(stderr).code).toBe('VIDEO_UNAVAILABLE');
  });
});
