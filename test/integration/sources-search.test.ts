import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { searchSource, urlSource, type ListedVideo, type VideoSource } from '../../src/video/index.js';
import { page } from './sources-server.js';
import { list, startSite, type SiteVideo, type TestSite } from './sources-site.js';
import { temporaryFolder } from './video-clips.js';

let site: TestSite;
let remove: () => Promise<void>;

beforeAll(async () => {
  const { folder, remove: removeFolder } = await temporaryFolder();
  site = await startSite(folder, { '/page.html': page('<body><video src="clip.mp4"></video></body>') });
  remove = removeFolder;
});
afterAll(async () => {
  await site.close();
  await remove();
});

const id = (number: number): string => `hit${String(number).padStart(4, '0')}`;
const key = (number: number): string => `sitevideo-${id(number)}`;
const hits = (count: number, change: Partial<SiteVideo> = {}): SiteVideo[] =>
  Array.from({ length: count }, (_, number) => ({ id: id(number), duration: 100 + number, ...change }));

beforeEach(() => {
  site.hits = hits(57);
  site.lists = {};
  site.requests.length = 0;
});

const pages = (): string[] => site.requests.filter((path) => path.startsWith('/api/hits/'));
const asked = (): string[] => site.requests.filter((path) => path.startsWith('/api/videos/'));

type Options = Partial<Parameters<typeof searchSource>[1]> & { wanted: number };
const searchFor = ({ wanted, ...options }: Options): VideoSource =>
  searchSource('a game #1: "highlights"', {
    ...{ wanted, maxHeight: 720, searchKey: 'sitesearch', site: { pluginFolder: site.plugins } },
    ...options,
  });

const keysOf = (listed: ListedVideo[]): string[] =>
  listed.filter(({ failure }) => failure === undefined).map(({ video }) => video.videoKey);

describe('a search', () => {
  it('brings the first videos with what the site says of them, and asks for no more than it needs', async () => {
    site.hits = hits(30, { license: 'CC BY 4.0', upload_date: '20260102' });
    const listed = await list(searchFor({ wanted: 1 }));
    expect(listed).toEqual([
      {
        video: {
          ...{ videoKey: key(0), source: 'search', url: `${site.origin}/watch/${id(0)}`, siteId: id(0) },
          ...{ title: `Title of ${id(0)}`, channel: 'A channel', durationSeconds: 100 },
          ...{ licence: 'CC BY 4.0', uploadDate: '20260102', query: 'a game #1: "highlights"' },
        },
      },
    ]);
    expect(asked()).toEqual([`/api/videos/${id(0)}`]);
  });

  it('goes on over more pages until there are enough new ones', async () => {
    const known = new Set(Array.from({ length: 35 }, (_, number) => key(number)));
    const wasAsked: string[] = [];
    const found = await list(searchFor({ wanted: 2 }), (videoKey) => {
      wasAsked.push(videoKey);
      return known.has(videoKey);
    });
    expect(keysOf(found)).toEqual([key(35), key(36)]);
    // Nobody is asked twice about the same video, and known ones are not looked at.
    expect(new Set(wasAsked).size).toBe(wasAsked.length);
    expect(asked()).toEqual([`/api/videos/${id(35)}`, `/api/videos/${id(36)}`]);
  });

  it('ends when the site has no more', async () => {
    site.hits = hits(2);
    expect(keysOf(await list(searchFor({ wanted: 100 })))).toEqual([key(0), key(1)]);
  });

  it('ends when all are known, and when there is nothing', async () => {
    expect(await list(searchFor({ wanted: 1 }), () => true)).toEqual([]);
    // Three requests of 20, 40 and 80 hits; the site has 57, in pages of ten.
    expect(pages().length).toBeLessThanOrEqual(2 + 4 + 7);
    site.hits = [];
    expect(await list(searchFor({ wanted: 1 }))).toEqual([]);
  });

  it('failing, live, announced, too short and too long ones do not count, whether the list shows it or not', async () => {
    site.hits = [
      { id: 'live', live_status: 'is_live' },
      { id: 'soon', live_status: 'is_upcoming' },
      { id: 'short', duration: 59 },
      { id: 'long', duration: 601 },
      { id: 'private', error: 'Private video. Sign in if you have been granted access to this video' },
      { id: 'gone', status: 404 },
      { id: 'good', duration: 60 },
      { id: 'good', duration: 60 },
      { id: 'high', formats: [{ url: '/clip.mp4', height: 1080 }] },
      { id: 'ended', duration: 600, live_status: 'was_live' },
      { id: 'never', duration: 100 },
    ];
    const listed = await list(searchFor({ wanted: 2, minDurationSeconds: 60, maxDurationSeconds: 600 }));
    expect(listed.map(({ video, failure }) => [video.videoKey, failure?.code])).toEqual([
      ['sitevideo-private', 'VIDEO_RESTRICTED'],
      ['sitevideo-gone', 'VIDEO_UNAVAILABLE'],
      ['sitevideo-good', undefined],
      ['sitevideo-high', 'FORMAT_UNAVAILABLE'],
      ['sitevideo-ended', undefined],
    ]);
  });

  it('ends when all fail: one by one they are named, and a site that fails altogether is given up', async () => {
    site.hits = hits(3, { error: 'Video unavailable' });
    const listed = await list(searchFor({ wanted: 1 }));
    expect(listed.map(({ failure }) => failure?.code)).toEqual(Array(3).fill('VIDEO_UNAVAILABLE'));

    site.hits = hits(30, { status: 503 });
    site.requests.length = 0;
    const options = { site: { pluginFolder: site.plugins, extraArgs: ['--extractor-retries', '0'] } };
    await expect(list(searchFor({ wanted: 1, ...options }))).rejects.toMatchObject({
      ...{ code: 'SITE_FAILED', retryable: true },
    });
    expect(new Set(asked()).size).toBe(3);
  });

  it('stops at once where going on would make it worse', async () => {
    site.hits = hits(5, { error: 'Sign in to confirm you’re not a bot. Use --cookies' });
    await expect(list(searchFor({ wanted: 1 }))).rejects.toMatchObject({ code: 'BOT_CHECK', retryable: false });
    expect(asked()).toHaveLength(1);
  });

  it('an abort ends it with its reason', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(list(searchFor({ wanted: 1 }), undefined, signal)).rejects.toThrow('enough');
  });
});

describe('a playlist or channel', () => {
  it('is listed up to its limit, over the lists that it holds, and known by the ids of the site', async () => {
    site.hits = [];
    site.lists = { channel: ['uploads/', 'a', 'more/'], uploads: ['b', 'c'], more: ['d', 'e', 'f'] };
    const source = urlSource(`${site.origin}/list/channel`, { limit: 5, site: { pluginFolder: site.plugins } });
    const listed = await list(source);
    expect(listed.map(({ video }) => [video.videoKey, video.source, video.url])).toEqual(
      ['b', 'c', 'a', 'd', 'e'].map((name) => [`sitevideo-${name}`, 'url', `${site.origin}/watch/${name}`]),
    );
  });

  it('a list that holds itself ends', async () => {
    site.lists = { circle: ['circle/', 'a'] };
    const listed = await list(urlSource(`${site.origin}/list/circle`, { site: { pluginFolder: site.plugins } }));
    expect(new Set(keysOf(listed))).toEqual(new Set(['sitevideo-a']));
  });
});
