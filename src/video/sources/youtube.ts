import type { VideoReference } from '../types.js';
import { keyOfEntry, metadataOf, runYtDlp, type YtDlpEntry } from './ytdlp.js';

export interface SearchOptions {
  query: string;
  /** How many new videos are wanted. */
  wanted: number;
  /** Whether a video was met before; such a one does not count. */
  isKnown: (videoKey: string) => Promise<boolean>;
  minDurationSeconds?: number;
  maxDurationSeconds?: number;
  /** yt-dlp's prefix for the search of a site. Default `ytsearch`. */
  searchKey?: string;
  /** A folder of yt-dlp plug-ins. */
  pluginFolder?: string;
  /** Given to yt-dlp as they are. */
  extraArgs?: readonly string[];
  signal?: AbortSignal;
}

const firstPage = 20;

/** A search that has brought so many hits without enough new ones will not become better. */
const mostHits = 640;

/**
 * Searches a site until `wanted` new videos are found or the site has no more. Videos that are known, live or about to
 * be, too long or too short do not count. Lists only: nothing is downloaded.
 *
 * @throws PipelineError as yt-dlp's failure says
 */
export async function searchVideos(options: SearchOptions): Promise<VideoReference[]> {
  const { query, wanted, isKnown } = options;
  const found: VideoReference[] = [];
  const seen = new Set<string>();
  for (let hits = firstPage; found.length < wanted && hits <= mostHits; hits *= 2) {
    const seenBefore = seen.size;
    const entries = await searchPage(options, hits);
    for (const entry of entries) {
      const reference = referenceOf(entry, query);
      if (reference === undefined || seen.has(reference.videoKey)) continue;
      seen.add(reference.videoKey);
      if (found.length >= wanted) break;
      if (!fits(entry, options) || (await isKnown(reference.videoKey))) continue;
      found.push(reference);
    }
    // Fewer than asked for, or none that was not there before: the site has no more.
    if (entries.length < hits || seen.size === seenBefore) break;
  }
  return found;
}

async function searchPage(options: SearchOptions, hits: number): Promise<YtDlpEntry[]> {
  const { query, searchKey = 'ytsearch', pluginFolder, extraArgs = [], signal } = options;
  const plugins = pluginFolder === undefined ? [] : ['--plugin-dirs', pluginFolder];
  const programArguments = [...plugins, '--flat-playlist', '--dump-json', ...extraArgs];
  const lines = await runYtDlp(`${searchKey}${hits}:${query}`, programArguments, { signal });
  return lines.map((line) => JSON.parse(line) as YtDlpEntry);
}

function referenceOf(entry: YtDlpEntry, query: string): VideoReference | undefined {
  const url = entry.url ?? entry.webpage_url;
  if (url === undefined) return undefined;
  return { videoKey: keyOfEntry(entry, url), source: 'search', url, ...metadataOf(entry), query };
}

function fits(entry: YtDlpEntry, { minDurationSeconds = 0, maxDurationSeconds = Infinity }: SearchOptions): boolean {
  const live = entry.is_live === true || entry.live_status === 'is_live' || entry.live_status === 'is_upcoming';
  // Not every site lists durations; what is unknown cannot be too long.
  const duration = entry.duration ?? undefined;
  return !live && (duration === undefined || (duration >= minDurationSeconds && duration <= maxDurationSeconds));
}
