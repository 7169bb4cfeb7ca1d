import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadVideo, listUrl, probeVideo, videoKeyOfUrl, type VideoReference } from '../../src/video/index.js';
import { bytes, page, startServer, type TestServer } from './sources-server.js';
import { ffmpeg, h264, temporaryFolder, testPicture } from './video-clips.js';

let work: string;
let remove: () => Promise<void>;
let server: TestServer;
let clip: Buffer;
let folder: string;

beforeAll(async () => {
  ({ folder: work, remove } = await temporaryFolder());
  const file = path.join(work, 'served.mp4');
  await ffmpeg(...testPicture(6, '25', '320x240'), ...h264, file);
  clip = await readFile(file);
  server = await startServer({
    '/clip.mp4': bytes(clip),
    '/page.html': page('<body><video src="clip.mp4"></video></body>'),
    '/none.html': page('<body>Nothing to see.</body>'),
    '/busy.mp4': (_, response) => void response.writeHead(429).end(),
    '/broken.mp4': (_, response) => void response.writeHead(500).end(),
    '/stalled.mp4': (request, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.length });
      if (request.method === 'HEAD') response.end();
      else response.write(clip.subarray(0, 70_000));
    },
    '/interrupted.mp4': bytes(clip, 'video/mp4', Math.ceil(clip.length / 3)),
  });
});
afterAll(async () => {
  await server.close();
  await remove();
});
let run = 0;
beforeEach(async () => {
  folder = path.join(work, `downloads-${run++}`);
  await mkdir(folder);
  server.requests.length = 0;
});

const at = (name: string): VideoReference => {
  const url = `${server.origin}/${name}`;
  return { videoKey: videoKeyOfUrl(url), source: 'url', url };
};
/** Short waits: what is tested is what comes out in the end. */
const impatient = ['--socket-timeout', '1', '--retries', '1', '--retry-sleep', 'http:0.1', '--extractor-retries', '0'];
const finished = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name !== '.partial');

describe('what is behind an address', () => {
  it('a video file is listed without a request', async () => {
    expect(await listUrl(`${server.origin}/clip.mp4?b=1#t=3`)).toEqual([
      {
        videoKey: videoKeyOfUrl(`${server.origin}/clip.mp4?b=1`),
        source: 'url',
        url: `${server.origin}/clip.mp4?b=1#t=3`,
      },
    ]);
    expect(server.requests).toEqual([]);
  });

  it('a page with a video has its title, and its key is by its address', async () => {
    const [reference, ...others] = await listUrl(`${server.origin}/page.html`);
    expect(others).toEqual([]);
    expect(reference).toMatchObject({ ...at('page.html'), title: expect.stringContaining('A page') as string });
    expect(server.requests).not.toContain('/clip.mp4/');
  });

  it.each([
    ['none.html', 'URL_UNSUPPORTED', false],
    ['missing.html', 'VIDEO_UNAVAILABLE', false],
  ])('%s is %s', async (name, code, retryable) => {
    await expect(listUrl(`${server.origin}/${name}`)).rejects.toMatchObject({ code, retryable });
  });

  it('what is no web address is refused', async () => {
    for (const url of ['file:///etc/passwd', 'not an address', '--exec=ls']) {
      await expect(listUrl(url)).rejects.toMatchObject({ code: 'URL_UNSUPPORTED' });
    }
  });
});

describe('downloads', () => {
  it.each(['clip.mp4', 'page.html'])(
    '%s arrives whole, named by its key; a second time nothing is asked for',
    async (name) => {
      const reference = at(name);
      const shares: number[] = [];
      const options = { folder, maxHeight: 720, onProgress: (share: number) => shares.push(share) };
      const { file } = await downloadVideo(reference, options);
      expect(file).toBe(path.join(folder, `${reference.videoKey}.mp4`));
      expect((await readFile(file)).equals(clip)).toBe(true);
      expect(await finished()).toEqual([`${reference.videoKey}.mp4`]);
      expect(shares.at(-1)).toBe(1);
      expect((await probeVideo(file)).usable).toBe(true);

      server.requests.length = 0;
      expect((await downloadVideo(reference, { folder, maxHeight: 720 })).file).toBe(file);
      expect(server.requests).toEqual([]);
    },
  );

  it('a transfer that breaks off goes on where it stopped, also in the next run', async () => {
    const reference = at('interrupted.mp4');
    const options = { folder, maxHeight: 720, extraArgs: [...impatient, '--retries', '0'] };
    let failures = 0;
    let file: string | undefined;
    while (file === undefined && failures < 5) {
      try {
        ({ file } = await downloadVideo(reference, options));
      } catch (error) {
        failures++;
        expect(error).toMatchObject({ retryable: true });
        expect(await finished()).toEqual([]);
      }
    }
    expect(failures).toBeGreaterThan(0);
    expect((await readFile(file ?? '')).equals(clip)).toBe(true);
  });

  it.each([
    ['missing.mp4', 'VIDEO_UNAVAILABLE', false],
    ['busy.mp4', 'RATE_LIMITED', true],
    ['broken.mp4', 'SITE_FAILED', true],
    ['none.html', 'URL_UNSUPPORTED', false],
    ['stalled.mp4', 'NETWORK_FAILED', true],
  ])('%s is %s and leaves no finished file', async (name, code, retryable) => {
    const download = downloadVideo(at(name), { folder, maxHeight: 720, extraArgs: impatient });
    await expect(download).rejects.toMatchObject({ code, retryable, hint: expect.any(String) as string });
    expect(await finished()).toEqual([]);
  });

  it('a server that is gone is worth another try, wrong extra arguments are not', async () => {
    const gone = await startServer({});
    await gone.close();
    const reference = { ...at('clip.mp4'), url: `${gone.origin}/clip.mp4` };
    const options = { folder, maxHeight: 720, extraArgs: impatient };
    await expect(downloadVideo(reference, options)).rejects.toMatchObject({ code: 'NETWORK_FAILED', retryable: true });
    await expect(downloadVideo(at('clip.mp4'), { ...options, extraArgs: ['--no-such-option'] })).rejects.toMatchObject({
      ...{ code: 'DOWNLOADER_USAGE', retryable: false },
    });
  });

  it('the cookies file is used and not changed', async () => {
    const cookies = path.join(work, 'cookies.txt');
    const text = '# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tabc\n';
    await writeFile(cookies, text);
    await downloadVideo(at('clip.mp4'), { folder, maxHeight: 720, cookies });
    expect(await readFile(cookies, 'utf8')).toBe(text);
    const missing = downloadVideo(at('page.html'), { folder, maxHeight: 720, cookies: path.join(work, 'no.txt') });
    await expect(missing).rejects.toMatchObject({ code: 'COOKIES_UNREADABLE' });
  });

  it('an abort ends yt-dlp at once and leaves no finished file', async () => {
    const controller = new AbortController();
    const download = downloadVideo(at('stalled.mp4'), {
      ...{ folder, maxHeight: 720, signal: controller.signal },
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(download).rejects.toThrow('enough');
    expect(await finished()).toEqual([]);
    const { stdout } = await execa('ps', ['-eo', 'args']);
    expect(stdout.split('\n').filter((line) => line.includes(`${server.origin}/stalled.mp4`))).toEqual([]);
  });
});
