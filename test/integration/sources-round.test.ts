import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadVideo } from '../../src/activities/download-video.js';
import { listVideos } from '../../src/activities/list-videos.js';
import { fixVideoFormat } from '../../src/activities/prepare-video.js';
import { Resources } from '../../src/activities/resources.js';
import { writeRoundFile } from '../../src/activities/round-file.js';
import type { RoundReference, VideoList } from '../../src/activities/types.js';
import type { Catalog } from '../../src/catalog/index.js';
import { loadConfig } from '../../src/config/index.js';
import type { VideoReference } from '../../src/video/index.js';
import { SmallDisk, whyNoDisk } from '../helpers/small-disk.js';
import { bytes } from './sources-server.js';
import { startSite, type TestSite } from './sources-site.js';
import { ffmpeg, h264, temporaryFolder, testPicture } from './video-clips.js';

/** What a round makes of its sources: claims, pauses and duplicates, with the real catalog and the real yt-dlp. */
let work: string;
let remove: () => Promise<void>;
let site: TestSite;
let clip: Buffer;
let resources: Resources;
let catalog: Catalog;
let folder: string;

beforeAll(async () => {
  ({ folder: work, remove } = await temporaryFolder());
  const file = path.join(work, 'served.mp4');
  await ffmpeg(...testPicture(1, '25', '320x240'), ...h264, file);
  clip = await readFile(file);
  // An empty box at the end (ISO/IEC 14496-12, 8.1.2): another content that plays all the same.
  const other = Buffer.concat([clip, Buffer.from('\0\0\0\x08free', 'latin1')]);
  site = await startSite(work, {
    ...{ '/clip.mp4': bytes(clip), '/copy.mp4': bytes(clip), '/other.mp4': bytes(other) },
    '/forbidden.mp4': (_, response) => void response.writeHead(403).end(),
  });
});
afterAll(async () => {
  await site.close();
  await remove();
});

const noDisk = await whyNoDisk();

let run = 0;
beforeEach(async () => {
  folder = path.join(work, `run-${run++}`);
  resources = new Resources({ folder, env: {} });
  catalog = await resources.catalog(path.join(folder, 'data'));
  site.hits = [];
  site.requests.length = 0;
  return () => resources.close();
});

const impatient = ['--extractor-retries', '0', '--retries', '0'];

/** A round as it was planned. */
async function round(
  roundId: string,
  overrides: { youtube?: object; sources?: object; storage?: object } = {},
): Promise<RoundReference> {
  const youtube = { search_key: 'sitesearch', plugins: site.plugins, extra_args: impatient, sleep_requests: 0.01 };
  const config = await loadConfig({
    folder,
    overrides: { ...overrides, youtube: { ...youtube, ...overrides.youtube } },
  });
  const reference = { roundId, folder: path.join(folder, 'data', 'rounds', roundId) };
  await writeRoundFile(reference.folder, { roundId, taskName: roundId, config });
  return reference;
}
const inActivity = <T>(activity: () => Promise<T>, attempt = 1): Promise<T> =>
  new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') }).run(activity);
const list = (of: RoundReference): Promise<VideoList> => inActivity(() => listVideos(resources, { round: of }));
const download = (of: RoundReference, video: VideoReference, attempt?: number): Promise<{ file: string }> =>
  inActivity(() => downloadVideo(resources, { round: of, video }), attempt);
const keys = ({ videos }: VideoList): string[] => videos.map(({ videoKey }) => videoKey);

describe('the videos of a round', () => {
  it('are new ones for each query, failing ones are named once, and a second attempt finds the same', async () => {
    site.hits = [{ id: 'gone', error: 'Video unavailable' }, { id: 'a' }, { id: 'b' }, { id: 'c' }];
    const first = await round('first', { youtube: { queries: ['one', 'two'], num_videos: 1 } });
    const found = await list(first);
    expect(keys(found)).toEqual(['sitevideo-a', 'sitevideo-b']);
    expect(found.skipped).toMatchObject([{ video: 'Title of gone', code: 'VIDEO_UNAVAILABLE' }]);
    expect(keys(await list(first))).toEqual(['sitevideo-a', 'sitevideo-b']);

    const second = await round('second', { youtube: { queries: ['one'], num_videos: 1 } });
    site.requests.length = 0;
    expect(await list(second)).toMatchObject({ videos: [{ videoKey: 'sitevideo-c' }], skipped: [] });
    expect(site.requests).not.toContain('/api/videos/gone');
    expect(await catalog.video('sitevideo-gone')).toMatchObject({ state: 'failed' });
  });

  it('come also when one of the sites does not answer', async () => {
    const urls = [`${site.origin}/missing.html`, `${site.origin}/clip.mp4`, 'example.org/match.mp4'];
    const found = await list(await round('first', { sources: { urls } }));
    expect(found.videos).toMatchObject([{ url: urls[1] }]);
    expect(found.skipped).toMatchObject([
      { video: urls[0], code: 'VIDEO_UNAVAILABLE' },
      { video: urls[2], code: 'URL_UNSUPPORTED' },
    ]);
  });
});

describe('the same content', () => {
  it('under two addresses or a file name is processed once', async () => {
    const urls = [`${site.origin}/clip.mp4`, `${site.origin}/copy.mp4`];
    const first = await round('first', { sources: { urls } });
    const [original, copy] = (await list(first)).videos;
    if (!original || !copy) throw new Error('two addresses were given');
    const { file } = await download(first, original);
    await expect(download(first, copy)).rejects.toMatchObject({
      ...{ code: 'VIDEO_DUPLICATE', retryable: false, message: `The same content as ${original.videoKey}.` },
    });
    // Each step may run twice.
    expect(await download(first, original)).toEqual({ file });
    expect((await readdir(path.dirname(file))).filter((name) => name !== '.partial')).toEqual([path.basename(file)]);

    await mkdir(path.join(folder, 'mine'));
    await writeFile(path.join(folder, 'mine', 'other name.mp4'), clip);
    const second = await round('second', { sources: { files: [path.join(folder, 'mine')] } });
    expect(await list(second)).toMatchObject({
      ...{ videos: [], skipped: [{ video: 'other name', code: 'VIDEO_DUPLICATE' }] },
    });
  });
});

describe('a site that waits for a person', () => {
  it('is left alone for the rest of the round, others are not, and its videos are free for the next', async () => {
    const formats = [{ url: '/other.mp4', height: 240 }];
    site.hits = [{ id: 'a', license: 'CC BY 4.0', upload_date: '20260102', duration: 5, formats }, { id: 'b' }];
    const first = await round('first', {
      youtube: { queries: ['one'], num_videos: 2 },
      sources: { urls: [`${site.origin}/clip.mp4`] },
    });
    const [direct, a, b] = (await list(first)).videos;
    if (!direct || !a || !b) throw new Error('one address and two hits were given');
    for (const hit of site.hits) hit.error = 'Sign in to confirm you’re not a bot. Use --cookies';

    await expect(download(first, a)).rejects.toMatchObject({ code: 'BOT_CHECK', retryable: false });
    site.requests.length = 0;
    const reason = expect.stringContaining("confirm you're not a bot") as string;
    const hint = expect.stringContaining('youtube.cookies') as string;
    await expect(download(first, b)).rejects.toMatchObject({ code: 'SOURCE_PAUSED', message: reason, hint });
    expect(site.requests).toEqual([]);
    await download(first, direct);

    const next = await round('next');
    for (const hit of site.hits) delete hit.error;
    await download(next, a);
    expect(await catalog.video(a.videoKey)).toMatchObject({
      ...{ siteId: 'a', title: 'Title of a', channel: 'A channel', licence: 'CC BY 4.0', uploadDate: '20260102' },
      ...{ durationSeconds: 5, url: `${site.origin}/watch/a`, query: 'one' },
    });
  });

  it('in a search is named, and its other queries are not tried', async () => {
    site.hits = [{ id: 'a', error: 'The provided YouTube account cookies are no longer valid.' }];
    const found = await list(await round('first', { youtube: { queries: ['one', 'two'] } }));
    expect(found.videos).toEqual([]);
    expect(found.skipped).toMatchObject([
      { video: 'one', code: 'COOKIES_EXPIRED' },
      { video: 'two', code: 'SOURCE_PAUSED', message: expect.stringContaining('no longer valid') as string },
    ]);
    expect(site.requests.filter((name) => name === '/api/hits/0')).toHaveLength(1);
  });
});

describe('a download that a full disk has held back', () => {
  it('has all its patience with the site afterwards, and heeds its round while the configuration has a mistake', async () => {
    const first = await round('first', { storage: { pause_below: 1 } });
    const url = `${site.origin}/forbidden.mp4`;
    const video: VideoReference = { videoKey: 'url-0123456789ab', source: 'url', url };
    const mark = path.join(folder, 'data', 'downloads-paused.json');
    await writeFile(path.join(folder, 'config.yaml'), 'storage: { pause_below: 900000T }\n');
    for (const attempt of [1, 30]) {
      await expect(download(first, video, attempt)).rejects.toMatchObject({
        code: 'DISK_NEARLY_FULL',
        retryable: true,
      });
    }
    expect(existsSync(mark)).toBe(true);
    expect(site.requests).toEqual([]);

    await writeFile(path.join(folder, 'config.yaml'), 'storrage: {}\n');
    await expect(download(first, video, 31)).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', retryable: true });
    expect(existsSync(mark)).toBe(false);
    await expect(download(first, video, 32)).rejects.toMatchObject({
      ...{ code: 'DOWNLOAD_REFUSED', retryable: false },
      message: expect.stringContaining('after 2 attempts') as string,
    });
    // What was given up begins anew when somebody tries it again.
    await expect(download(first, video, 33)).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', retryable: true });
  });
});

describe.skipIf(noDisk !== undefined)(
  `a disk that is full to the last byte${noDisk ? ` (skipped: ${noDisk})` : ''}`,
  () => {
    const video = (): VideoReference => ({
      ...{ videoKey: 'url-0123456789ab', source: 'url', url: `${site.origin}/clip.mp4` },
    });
    let disk: SmallDisk;
    let first: RoundReference;

    beforeEach(async () => {
      await resources.close();
      disk = await SmallDisk.mount(path.join(folder, 'data'), '2m');
      resources = new Resources({ folder, env: {} });
      catalog = await resources.catalog(path.join(folder, 'data'));
      await writeFile(path.join(folder, 'config.yaml'), 'storage: { pause_below: 1 }\n');
      first = await round('first');
      await catalog.claimVideo('first', video());
      return async () => {
        await resources.close();
        await disk.unmount();
      };
    });
    const inData = async () => (await readdir(path.join(folder, 'data'), { recursive: true })).sort();

    it('has no room for the mark of the pause either: downloads are held back all the same, and go on', async () => {
      await disk.fill();
      const before = await inData();
      for (const attempt of [1, 2]) {
        await expect(download(first, video(), attempt)).rejects.toMatchObject({
          ...{ code: 'DISK_NEARLY_FULL', retryable: true },
        });
      }
      expect(site.requests).toEqual([]);
      expect(await inData()).toEqual(before);

      await disk.makeRoom();
      const { file } = await download(first, video(), 3);
      expect(await readFile(file)).toEqual(clip);
      expect(await catalog.video(video().videoKey)).toMatchObject({ state: 'claimed', claimedByRound: 'first' });
      expect(existsSync(path.join(folder, 'data', 'downloads-paused.json'))).toBe(false);
    });

    it('in the middle of a download is told as what it is, and the next round has the video', async () => {
      await disk.fill(8192);
      await expect(download(first, video())).rejects.toMatchObject({
        ...{ code: 'DISK_FULL', retryable: false, hint: expect.stringContaining('Free some space') as string },
      });
      await disk.makeRoom();
      const { file } = await download(await round('next'), video());
      expect(await readFile(file)).toEqual(clip);
    });

    it('has no room for the mark that a site waits for a person: this is told all the same', async () => {
      site.hits = [{ id: 'a', error: 'Sign in to confirm you’re not a bot. Use --cookies' }];
      const hit = { ...video(), url: `${site.origin}/watch/a` };
      const small = await SmallDisk.mount(first.folder, '64k');
      try {
        first = await round('first');
        await small.fill();
        await expect(download(first, hit)).rejects.toMatchObject({ code: 'BOT_CHECK', retryable: false });
      } finally {
        await small.unmount();
      }
    });
  },
);

describe('the format fix', () => {
  it('removes what it had half done when its worker was killed, of its own video only', async () => {
    const first = await round('first');
    const video: VideoReference = { videoKey: 'url-0123456789ab', source: 'url', url: `${site.origin}/clip.mp4` };
    const { file } = await download(first, video);
    const half = ['url-0123456789ab', 'url-0123456789ac'].map((key) =>
      path.join(path.dirname(file), `.${key}.normalised.4711-0123abcd.tmp.mp4`),
    );
    for (const each of half) await writeFile(each, 'half a film');
    expect(await inActivity(() => fixVideoFormat(resources, { round: first, video, file }))).toEqual({
      file,
      action: 'none',
    });
    expect(half.map((each) => existsSync(each))).toEqual([false, true]);
  });
});
