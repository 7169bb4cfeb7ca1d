import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadVideo, probeVideo, urlSource, type VideoReference } from '../../src/video/index.js';
import { videoKeyOfUrl } from '../../src/video/keys.js';
import { until } from '../helpers/programs.js';
import { bytes, page, startServer, type Handler } from './sources-server.js';
import { list, startSite, type TestSite } from './sources-site.js';
import { ffmpeg, h264, temporaryFolder, testPicture } from './video-clips.js';

const child = fileURLToPath(import.meta.resolve('./sources-download-child.ts'));

let work: string;
let remove: () => Promise<void>;
let server: TestSite;
let clip: Buffer;
let folder: string;

const status =
  (code: number): Handler =>
  (_, response) =>
    void response.writeHead(code).end();

/** The first `times` requests for the body get `first`, the others the whole clip. */
function atFirst(times: number, first: Handler): Handler {
  let requests = 0;
  return (request, response) => {
    const isFirst = request.method === 'GET' && requests++ < times;
    return (isFirst ? first : bytes(clip))(request, response);
  };
}

/** Sends the beginning and then nothing. */
const stalled: Handler = (request, response) => {
  response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.length, 'accept-ranges': 'bytes' });
  if (request.method === 'HEAD') response.end();
  else response.write(clip.subarray(0, 70_000));
};

beforeAll(async () => {
  ({ folder: work, remove } = await temporaryFolder());
  const file = path.join(work, 'served.mp4');
  await ffmpeg(...testPicture(6, '25', '320x240'), ...h264, file);
  clip = await readFile(file);
  const stream = path.join(work, 'stream');
  await mkdir(stream);
  const pieces = ['-hls_time', '2', '-hls_playlist_type', 'vod', path.join(stream, 'index.m3u8')];
  await ffmpeg('-i', file, ...h264, '-g', '25', ...pieces);
  const ofStream: Record<string, Handler> = {};
  for (const name of await readdir(stream)) {
    const type = name.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'video/mp2t';
    ofStream[`/stream/${name}`] = bytes(await readFile(path.join(stream, name)), type);
  }
  server = await startSite(work, {
    ...ofStream,
    '/broken-stream/index.m3u8': ofStream['/stream/index.m3u8'] ?? status(500),
    '/broken-stream/index0.ts': ofStream['/stream/index0.ts'] ?? status(500),
    '/stuck-stream/index.m3u8': ofStream['/stream/index.m3u8'] ?? status(500),
    '/stuck-stream/index0.ts': stalled,
    '/clip.mp4': bytes(clip),
    '/page.html': page('<body><video src="clip.mp4"></video></body>'),
    '/none.html': page('<body>Nothing to see.</body>'),
    '/moved.mp4': (_, response) => void response.writeHead(302, { location: '/clip.mp4' }).end(),
    '/busy.mp4': status(429),
    '/broken.mp4': status(500),
    '/forbidden.mp4': status(403),
    '/stalled.mp4': stalled,
    '/interrupted.mp4': bytes(clip, 'video/mp4', Math.ceil(clip.length / 3)),
    '/half.mp4': atFirst(2, stalled),
    '/unmeasured.mp4': (request, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4' });
      response.end(request.method === 'HEAD' ? undefined : clip);
    },
    '/refused-once.mp4': atFirst(1, status(403)),
    '/refused.mp4': status(403),
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
/** A video of the test site with these formats. */
const ofSite = (...formats: NonNullable<TestSite['hits'][number]['formats']>): VideoReference => {
  server.hits = [{ id: 'x1', formats, license: 'CC BY 4.0', upload_date: '20260102', duration: 6 }];
  return { videoKey: 'sitevideo-x1', source: 'url', url: `${server.origin}/watch/x1` };
};
/** Few attempts and short pauses: what is tested is what comes out in the end. */
const impatient = ['--retries', '1', '--retry-sleep', 'http:0.1', '--extractor-retries', '0'];
/** For a server that sends no more. One that does may be as slow as a busy machine makes it. */
const noWaiting = ['--socket-timeout', '1'];
const options = (...extraArgs: string[]) => ({
  ...{
    folder,
    maxHeight: 720,
    rateLimit: 100_000_000,
    site: { pluginFolder: server.plugins, extraArgs: [...impatient, ...extraArgs] },
  },
});
const finished = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name !== '.partial');
/** Command lines of running programs that know something of this test. */
const running = async (): Promise<string[]> => {
  const { stdout } = await execa('ps', ['-eww', '-o', 'args']);
  return stdout.split('\n').filter((line) => line.includes(folder) && !line.includes('sources-download-child'));
};

describe('what is behind an address', () => {
  const listUrl = async (url: string) => (await list(urlSource(url))).map(({ video }) => video);

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
    expect(reference).not.toHaveProperty('siteId');
  });

  it.each([
    ['none.html', 'URL_UNSUPPORTED', false],
    ['missing.html', 'VIDEO_UNAVAILABLE', false],
  ])('%s is %s', async (name, code, retryable) => {
    await expect(listUrl(`${server.origin}/${name}`)).rejects.toMatchObject({ code, retryable });
  });

  it('what is no web address is refused, and so is a password in one, which is not repeated', async () => {
    for (const url of ['file:///etc/passwd', 'not an address', '--exec=ls']) {
      await expect(listUrl(url)).rejects.toMatchObject({ code: 'URL_UNSUPPORTED' });
    }
    await expect(listUrl('https://me:geheim@example.org/a.mp4')).rejects.toMatchObject({
      ...{ code: 'URL_HAS_PASSWORD', message: expect.not.stringContaining('geheim') as string },
    });
  });
});

describe('downloads', () => {
  it.each(['clip.mp4', 'page.html', 'moved.mp4'])(
    '%s arrives whole, named by its key; a second time nothing is asked for',
    async (name) => {
      const reference = at(name);
      const shares: number[] = [];
      const { file } = await downloadVideo(reference, { ...options(), onProgress: (share) => shares.push(share) });
      expect(file).toBe(path.join(folder, `${reference.videoKey}.mp4`));
      expect((await readFile(file)).equals(clip)).toBe(true);
      expect(await finished()).toEqual([`${reference.videoKey}.mp4`]);
      expect(await readdir(path.join(folder, '.partial'))).toEqual([]);
      expect(shares.at(-1)).toBe(1);

      server.requests.length = 0;
      expect((await downloadVideo(reference, options())).file).toBe(file);
      expect(server.requests).toEqual([]);
    },
  );

  it('a stream in pieces becomes one video', async () => {
    const { file } = await downloadVideo(at('stream/index.m3u8'), options());
    // 6 s at 25 frames/s were streamed.
    expect(await probeVideo(file)).toMatchObject({ usable: true, container: expect.stringContaining('mp4') as string });
    expect((await probeVideo(file)).duration).toBeCloseTo(6, 1);
  });

  it('a stream with a missing piece is no video with a hole', async () => {
    const download = downloadVideo(at('broken-stream/index.m3u8'), options('--fragment-retries', '0'));
    await expect(download).rejects.toMatchObject({ retryable: true });
    expect(await finished()).toEqual([]);
  });

  it('takes pictures without sound, H.264 before others, and keeps what the site says of the video', async () => {
    const { file, ...facts } = await downloadVideo(
      ofSite(
        { url: '/missing-sound.mp4', height: 240, vcodec: 'avc1.4d', acodec: 'mp4a' },
        { url: '/missing-vp9.mp4', height: 240, vcodec: 'vp9', acodec: 'none' },
        { url: '/clip.mp4', height: 240, vcodec: 'avc1.4d', acodec: 'none' },
        { url: '/missing-low.mp4', height: 144, vcodec: 'avc1.4d', acodec: 'none' },
      ),
      options(),
    );
    expect((await readFile(file)).equals(clip)).toBe(true);
    expect(facts).toEqual({
      ...{ siteId: 'x1', title: 'Title of x1', channel: 'A channel', licence: 'CC BY 4.0' },
      ...{ uploadDate: '20260102', durationSeconds: 6, url: `${server.origin}/watch/x1` },
    });
  });

  it('the limit of the height holds for formats with sound, and for what shows its height only when it is here', async () => {
    const tooHigh = ofSite({ url: '/clip.mp4', height: 1080, vcodec: 'avc1.4d', acodec: 'mp4a' });
    await expect(downloadVideo(tooHigh, options())).rejects.toMatchObject({ code: 'FORMAT_UNAVAILABLE' });
    expect(server.requests).not.toContain('/clip.mp4');

    const direct = downloadVideo(at('clip.mp4'), { ...options(), maxHeight: 144 });
    const message = expect.stringContaining('240 pixels high') as string;
    await expect(direct).rejects.toMatchObject({ code: 'FORMAT_UNAVAILABLE', retryable: false, message });
    expect(await finished()).toEqual([]);
  });

  it('what is too large does not come, whether the server says its size or not', async () => {
    const limited = { ...options(), maxBytes: 50_000 };
    for (const name of ['clip.mp4', 'unmeasured.mp4']) {
      await expect(downloadVideo(at(name), limited)).rejects.toMatchObject({ code: 'VIDEO_TOO_LARGE' });
    }
    expect(await finished()).toEqual([]);
    expect(await readdir(path.join(folder, '.partial'))).toEqual([]);
  });

  it('a live stream is left to a later round', async () => {
    const reference = ofSite({ url: '/clip.mp4', height: 240 });
    server.hits = server.hits.map((hit) => ({ ...hit, live_status: 'is_live' }));
    await expect(downloadVideo(reference, options())).rejects.toMatchObject({
      ...{ code: 'VIDEO_NOT_YET', retryable: false },
    });
    expect(server.requests).not.toContain('/clip.mp4');
  });

  it('a transfer that breaks off goes on where it stopped, also in the next run', async () => {
    const reference = at('interrupted.mp4');
    let failures = 0;
    let file: string | undefined;
    while (file === undefined && failures < 5) {
      try {
        ({ file } = await downloadVideo(reference, options('--retries', '0')));
      } catch (error) {
        failures++;
        expect(error).toMatchObject({ retryable: true });
        expect(await finished()).toEqual([]);
      }
    }
    expect(failures).toBeGreaterThan(0);
    expect((await readFile(file ?? '')).equals(clip)).toBe(true);
  });

  it('goes on after its process was killed, and ends what that left running', async () => {
    const { url = '', videoKey } = at('half.mp4');
    const killed = execa(process.execPath, ['--import', 'tsx', child, url, videoKey, folder], { reject: false });
    const partial = path.join(folder, '.partial', videoKey, `${videoKey}.mp4.part`);
    for await (const line of killed) {
      if (line !== 'some') continue;
      // yt-dlp tells of what it may still hold in memory.
      await until('a beginning on disk', async () => (await stat(partial)).size > 0);
      killed.kill('SIGKILL');
    }
    await killed;
    expect(await running()).toHaveLength(1);

    const { file } = await downloadVideo({ videoKey, source: 'url', url }, options());
    expect((await readFile(file)).equals(clip)).toBe(true);
    expect(server.ranges).toContainEqual(expect.stringMatching(/^bytes=[1-9]/));
    expect(await running()).toEqual([]);
  });

  it('a site that refuses the media is asked for a new address once', async () => {
    const { file } = await downloadVideo(ofSite({ url: '/refused-once.mp4', height: 240 }), options());
    expect((await readFile(file)).equals(clip)).toBe(true);
    expect(server.requests.filter((name) => name === '/api/videos/x1')).toHaveLength(2);

    server.requests.length = 0;
    const refused = downloadVideo(
      { ...ofSite({ url: '/refused.mp4', height: 240 }), videoKey: 'sitevideo-x2' },
      options(),
    );
    await expect(refused).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', retryable: true });
    expect(server.requests.filter((name) => name === '/api/videos/x1')).toHaveLength(2);
  });

  it.each([
    ['missing.mp4', 'VIDEO_UNAVAILABLE', false],
    ['forbidden.mp4', 'DOWNLOAD_REFUSED', true],
    ['busy.mp4', 'RATE_LIMITED', true],
    ['broken.mp4', 'SITE_FAILED', true],
    ['none.html', 'URL_UNSUPPORTED', false],
    ['stalled.mp4', 'NETWORK_FAILED', true],
  ])('%s is %s and leaves no finished file', async (name, code, retryable) => {
    const download = downloadVideo(at(name), options(...(name === 'stalled.mp4' ? noWaiting : [])));
    await expect(download).rejects.toMatchObject({ code, retryable, hint: expect.any(String) as string });
    expect(await finished()).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('a full disk is DISK_FULL', async () => {
    const reference = at('clip.mp4');
    const partial = path.join(folder, '.partial', reference.videoKey);
    await mkdir(partial, { recursive: true });
    // The kernel answers every write to this device with ENOSPC.
    await symlink('/dev/full', path.join(partial, `${reference.videoKey}.mp4.part`));
    await expect(downloadVideo(reference, options())).rejects.toMatchObject({ code: 'DISK_FULL', retryable: false });
  });

  it('a server that is gone is worth another try, wrong extra arguments are not', async () => {
    const gone = await startServer({});
    await gone.close();
    const reference = { ...at('clip.mp4'), url: `${gone.origin}/clip.mp4` };
    await expect(downloadVideo(reference, options())).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      retryable: true,
    });
    await expect(downloadVideo(at('clip.mp4'), options('--no-such-option'))).rejects.toMatchObject({
      ...{ code: 'DOWNLOADER_USAGE', retryable: false },
    });
  });

  it('the cookies file is used and not changed; passwords in options are not seen by others', async () => {
    const cookies = path.join(work, 'cookies.txt');
    const text = '# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tabc\n';
    await writeFile(cookies, text);
    const site = { cookies, extraArgs: ['--username', 'me', '--password', "it's geheim"] };
    let seen: string[] = [];
    const controller = new AbortController();
    const download = downloadVideo(at('stalled.mp4'), {
      ...{ folder, maxHeight: 720, site, signal: controller.signal },
      onProgress: () => {
        void running().then((lines) => {
          // What was looked at later may have ended since.
          if (controller.signal.aborted) return;
          seen = lines;
          controller.abort(new Error('enough'));
        });
      },
    });
    await expect(download).rejects.toThrow('enough');
    expect(server.cookies).toContain('session=abc');
    expect(await readFile(cookies, 'utf8')).toBe(text);
    expect(seen).toHaveLength(1);
    expect(seen.join()).not.toMatch(/geheim|abc/);
    expect(await readdir(path.join(folder, '.partial', at('stalled.mp4').videoKey))).not.toContain('private');

    const missing = downloadVideo(at('page.html'), { ...options(), site: { cookies: path.join(work, 'no.txt') } });
    await expect(missing).rejects.toMatchObject({ code: 'COOKIES_UNREADABLE' });
  });

  it('an abort ends yt-dlp and the ffmpeg that it started at once, and leaves no finished file', async () => {
    const controller = new AbortController();
    const withFfmpeg = options('--downloader', 'm3u8:ffmpeg');
    const download = downloadVideo(at('stuck-stream/index.m3u8'), { ...withFfmpeg, signal: controller.signal });
    const watch = setInterval(() => {
      void running().then((lines) => {
        if (lines.length > 1) controller.abort(new Error('enough'));
      });
    }, 200);
    await expect(download).rejects.toThrow('enough');
    clearInterval(watch);
    expect(await running()).toEqual([]);
    expect(await finished()).toEqual([]);
  });
});
