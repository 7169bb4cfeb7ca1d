import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { searchVideos, type SearchOptions } from '../../src/video/index.js';
import { startServer, type TestServer } from './sources-server.js';
import { temporaryFolder } from './video-clips.js';

interface Hit {
  id: string;
  duration?: number;
  live_status?: string;
}

/** A site for yt-dlp whose results come from the test's own server, ten a page, until a page is empty. */
const plugin = (origin: string): string => `
import itertools
from yt_dlp.extractor.common import SearchInfoExtractor

class LocalSearchIE(SearchInfoExtractor):
    _SEARCH_KEY = 'localsearch'

    def _search_results(self, query):
        for page in itertools.count(0):
            hits = self._download_json('${origin}/hits', query, query={'q': query, 'page': page})
            if not hits:
                return
            for hit in hits:
                yield self.url_result('https://www.youtube.com/watch?v=' + hit['id'], ie='Youtube', video_id=hit['id'],
                    video_title='Title of ' + hit['id'], duration=hit.get('duration'),
                    live_status=hit.get('live_status'), channel='A channel')
`;

let folder: string;
let remove: () => Promise<void>;
let server: TestServer;
let hits: Hit[];

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  server = await startServer({
    '/hits': (request, response) => {
      const page = Number(new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('page'));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(hits.slice(page * 10, page * 10 + 10)));
    },
  });
  const extractors = path.join(folder, 'plugins', 'local', 'yt_dlp_plugins', 'extractor');
  await mkdir(extractors, { recursive: true });
  await writeFile(path.join(extractors, 'local.py'), plugin(server.origin));
});
afterAll(async () => {
  await server.close();
  await remove();
});
beforeEach(() => {
  hits = Array.from({ length: 57 }, (_, index) => ({
    id: `hit${String(index).padStart(8, '0')}`,
    duration: 100 + index,
  }));
});

const nothingKnown = (): Promise<boolean> => Promise.resolve(false);
const search = (options: Partial<SearchOptions> & { wanted: number }): Promise<string[]> =>
  searchVideos({
    ...{ query: 'a game: highlights', isKnown: nothingKnown, searchKey: 'localsearch' },
    ...{ pluginFolder: path.join(folder, 'plugins'), ...options },
  }).then((references) => references.map((reference) => reference.videoKey));
const key = (index: number): string => `youtube-hit${String(index).padStart(8, '0')}`;

describe('a search', () => {
  it('brings the first videos with what the site says of them', async () => {
    const references = await searchVideos({
      ...{ query: 'a game: highlights', wanted: 2, isKnown: nothingKnown, searchKey: 'localsearch' },
      pluginFolder: path.join(folder, 'plugins'),
    });
    expect(references).toEqual(
      [0, 1].map((index) => ({
        videoKey: key(index),
        source: 'search',
        url: `https://www.youtube.com/watch?v=hit${String(index).padStart(8, '0')}`,
        title: `Title of hit${String(index).padStart(8, '0')}`,
        channel: 'A channel',
        durationSeconds: 100 + index,
        query: 'a game: highlights',
      })),
    );
  });

  it('goes on over more pages until there are enough new ones', async () => {
    const asked: string[] = [];
    const isKnown = (videoKey: string): Promise<boolean> => {
      asked.push(videoKey);
      return Promise.resolve(videoKey < key(35));
    };
    expect(await search({ wanted: 3, isKnown })).toEqual([key(35), key(36), key(37)]);
    // Nobody is asked twice about the same video.
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('ends when the site has no more', async () => {
    expect(await search({ wanted: 100 })).toHaveLength(57);
  });

  it('ends when all are known', async () => {
    expect(await search({ wanted: 1, isKnown: () => Promise.resolve(true) })).toEqual([]);
  });

  it('ends when there is nothing', async () => {
    hits = [];
    expect(await search({ wanted: 1 })).toEqual([]);
  });

  it('leaves out live, announced, too short and too long ones, and counts repeated ones once', async () => {
    hits = [
      { id: 'live0000000', live_status: 'is_live' },
      { id: 'soon0000000', live_status: 'is_upcoming' },
      { id: 'short000000', duration: 59 },
      { id: 'good0000000', duration: 60 },
      { id: 'good0000000', duration: 60 },
      { id: 'long0000000', duration: 601 },
      { id: 'ended000000', duration: 600, live_status: 'was_live' },
      { id: 'unknown0000' },
    ];
    expect(await search({ wanted: 9, minDurationSeconds: 60, maxDurationSeconds: 600 })).toEqual([
      'youtube-good0000000',
      'youtube-ended000000',
      'youtube-unknown0000',
    ]);
  });

  it('an abort ends it with its reason', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(search({ wanted: 1, signal })).rejects.toThrow('enough');
  });
});
