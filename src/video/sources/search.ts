import type { VideoReference } from '../types.js';
import { availableVideo } from './available.js';
import { fits, keyOfEntry, metadataOf, type DurationLimits, type YtDlpEntry } from './entry.js';
import type { SiteOptions } from './site-options.js';
import type { ListedVideo, ListingContext, VideoSource } from './source.js';
import { runYtDlp } from './ytdlp.js';

export interface SearchOptions extends DurationLimits {
  /** How many new videos are wanted. */
  wanted: number;
  /** Greatest height of the pictures in pixels: a video that has none up to it does not count. */
  maxHeight: number;
  /** yt-dlp's prefix for the search of a site. Default `ytsearch`. */
  searchKey?: string;
  site?: SiteOptions;
}

const firstPage = 20;

/** A search that has brought so many hits without enough new ones will not become better. */
const mostHits = 640;

/** So many failing videos end a search: each costs a request, and the next round goes on after them. */
const mostFailures = 25;

/** So many in a row that may come later mean that it is not the videos. */
const mostTransientFailures = 3;

/**
 * A search that goes on until `wanted` new videos are found or the site has no more. Videos that are known, failing,
 * live or about to be, too long or too short do not count; the failing ones are listed with their reason.
 */
export function searchSource(query: string, options: SearchOptions): VideoSource {
  const { searchKey = 'ytsearch' } = options;
  const site = searchKey === 'ytsearch' ? 'youtube' : searchKey;
  return { name: query, site, list: (context) => search(query, { ...options, searchKey }, context) };
}

async function* search(
  query: string,
  options: SearchOptions & { searchKey: string },
  context: ListingContext,
): AsyncGenerator<ListedVideo> {
  const { wanted } = options;
  const seen = new Set<string>();
  const failures = { all: 0, transientInARow: 0 };
  let found = 0;
  for (let hits = firstPage; hits <= mostHits; hits *= 2) {
    const seenBefore = seen.size;
    const entries = await searchPage(query, options, hits, context.signal);
    for (const entry of entries) {
      const hit = referenceOf(entry, query);
      if (hit === undefined || seen.has(hit.videoKey)) continue;
      seen.add(hit.videoKey);
      if (!fits(entry, options) || (await context.isKnown(hit.videoKey))) continue;
      const listed = await availableVideo(hit, options, context.signal);
      if (listed === undefined) continue;
      yield listed;
      if (listed.failure === undefined) {
        found += 1;
        failures.transientInARow = 0;
        if (found === wanted) return;
        continue;
      }
      failures.all += 1;
      failures.transientInARow = listed.failure.retryable ? failures.transientInARow + 1 : 0;
      if (failures.transientInARow === mostTransientFailures) throw listed.failure;
      if (failures.all === mostFailures) return;
    }
    // Fewer than asked for, or none that was not there before: the site has no more.
    if (entries.length < hits || seen.size === seenBefore) return;
  }
}

async function searchPage(
  query: string,
  { searchKey, site }: SearchOptions,
  hits: number,
  signal?: AbortSignal,
): Promise<YtDlpEntry[]> {
  const lines = await runYtDlp(`${searchKey}${hits}:${query}`, ['--flat-playlist', '--dump-json'], { site, signal });
  return lines.map((line) => JSON.parse(line) as YtDlpEntry);
}

function referenceOf(entry: YtDlpEntry, query: string): VideoReference | undefined {
  const url = entry.url ?? entry.webpage_url;
  if (url === undefined) return undefined;
  return { videoKey: keyOfEntry(entry, url), source: 'search', url, ...metadataOf(entry), query };
}
