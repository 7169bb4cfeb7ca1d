import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ListedVideo, VideoSource } from '../../src/video/index.js';
import { startServer, type Handler, type TestServer } from './sources-server.js';

/** A video of the test site, in the words of yt-dlp's extractors. */
export interface SiteVideo {
  id: string;
  duration?: number;
  live_status?: string;
  license?: string;
  upload_date?: string;
  /** What the extractor says instead of giving the video; lists do not show it. */
  error?: string;
  /** Answers the request for the description with this status instead. */
  status?: number;
  formats?: { height?: number; vcodec?: string; acodec?: string; url: string }[];
}

export interface TestSite extends TestServer {
  /** What a search finds, in this order. */
  hits: SiteVideo[];
  /** What lists hold: ids of videos, or of lists with a slash after them. */
  lists: Record<string, string[]>;
  /** The folder for yt-dlp's `--plugin-dirs`. */
  plugins: string;
}

/**
 * A site with a search (ten hits a page), videos with ids and formats, and lists of videos or lists. It is known to the
 * real yt-dlp by a plug-in, and `handlers` serve its media.
 */
export async function startSite(folder: string, handlers: Record<string, Handler> = {}): Promise<TestSite> {
  const json = (value: unknown): Handler => {
    return (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
  };
  const server = await startServer((pathname) => {
    const [, kind = '', id = ''] = /^\/api\/(\w+)\/(.*)$/.exec(pathname) ?? [];
    if (kind === 'hits') {
      const listed = site.hits.slice(Number(id) * 10, Number(id) * 10 + 10);
      return json(listed.map(({ error: _, status: __, formats: ___, license: ____, ...shown }) => shown));
    }
    if (kind === 'lists') return json(site.lists[id] ?? []);
    const video = kind === 'videos' ? site.hits.find((hit) => hit.id === id) : undefined;
    if (video?.status !== undefined) return (_, response) => void response.writeHead(video.status ?? 500).end();
    return video === undefined ? handlers[pathname] : json(video);
  });
  const extractors = path.join(folder, 'plugins', 'site', 'yt_dlp_plugins', 'extractor');
  await mkdir(extractors, { recursive: true });
  await writeFile(path.join(extractors, 'site.py'), plugin(server.origin));
  const site: TestSite = Object.assign(server, { hits: [], lists: {}, plugins: path.join(folder, 'plugins') });
  return site;
}

/** All that a source lists. */
export async function list(
  source: VideoSource,
  isKnown: (videoKey: string) => boolean = () => false,
  signal?: AbortSignal,
): Promise<ListedVideo[]> {
  const listed: ListedVideo[] = [];
  const context = { isKnown: (videoKey: string) => Promise.resolve(isKnown(videoKey)), signal };
  for await (const each of source.list(context)) listed.push(each);
  return listed;
}

const plugin = (origin: string): string => `
import itertools
from yt_dlp.extractor.common import InfoExtractor, SearchInfoExtractor
from yt_dlp.utils import ExtractorError

SITE = '${origin}'

class SiteVideoIE(InfoExtractor):
    IE_NAME = 'site'
    _VALID_URL = SITE.replace('.', r'\\.') + r'/watch/(?P<id>[\\w-]+)'

    def _real_extract(self, url):
        video_id = self._match_id(url)
        video = self._download_json(f'{SITE}/api/videos/{video_id}', video_id)
        if video.get('error'):
            raise ExtractorError(video['error'], expected=True)
        formats = [{'format_id': str(number), 'ext': 'mp4', **each, 'url': SITE + each['url']}
                   for number, each in enumerate(video.pop('formats', [{'url': '/clip.mp4', 'height': 240}]))]
        return {**video, 'title': f'Title of {video_id}', 'channel': 'A channel', 'formats': formats}

class SitePlaylistIE(InfoExtractor):
    _VALID_URL = SITE.replace('.', r'\\.') + r'/list/(?P<id>[\\w-]+)'

    def _real_extract(self, url):
        list_id = self._match_id(url)
        return self.playlist_result([
            self.url_result(f'{SITE}/list/{each[:-1]}', ie='SitePlaylist') if each.endswith('/')
            else self.url_result(f'{SITE}/watch/{each}', ie='SiteVideo', video_id=each)
            for each in self._download_json(f'{SITE}/api/lists/{list_id}', list_id)], list_id)

class SiteSearchIE(SearchInfoExtractor):
    _SEARCH_KEY = 'sitesearch'

    def _search_results(self, query):
        for page in itertools.count(0):
            hits = self._download_json(f'{SITE}/api/hits/{page}', query, query={'q': query})
            if not hits:
                return
            for hit in hits:
                yield self.url_result(f'{SITE}/watch/{hit["id"]}', ie='SiteVideo', video_id=hit['id'],
                    video_title='Title of ' + hit['id'], duration=hit.get('duration'),
                    live_status=hit.get('live_status'), channel='A channel')
`;
