import { PipelineError } from '../../common/errors.js';
import { videoKeyOfUrl } from '../keys.js';
import type { VideoReference } from '../types.js';
import { fits, isList, keyOfEntry, metadataOf, type DurationLimits, type YtDlpEntry } from './entry.js';
import { hasVideoExtension } from './extensions.js';
import type { SiteOptions } from './site-options.js';
import { siteOfUrl, type ListedVideo, type ListingContext, type VideoSource } from './source.js';
import { runYtDlp } from './ytdlp.js';
import { withoutSecrets } from './ytdlp-errors.js';

/** The limits of length hold for the videos of a playlist or channel, not for a video that is named itself. */
export interface UrlOptions extends DurationLimits {
  /** At most so many videos of a playlist or channel, from its beginning. Default 100. */
  limit?: number;
  site?: SiteOptions;
}

/** A channel has tabs, a tab may hold playlists; deeper than that it is a catalogue, or a circle. */
const deepest = 3;

/**
 * The videos behind an address: one for a video file or a page with a video, several for a playlist or channel. The
 * address of a file with a video's extension is taken as it is, without a request. Listing throws URL_UNSUPPORTED if it
 * is no http(s) address, URL_HAS_PASSWORD, or what yt-dlp's failure says.
 */
export function urlSource(url: string, options: UrlOptions = {}): VideoSource {
  // What is no address is told when it is listed, like all else that is wrong with it.
  const site = URL.canParse(url) ? siteOfUrl(url) : url;
  return { name: withoutSecrets(url), site, list: (context) => listUrl(url, options, context) };
}

async function* listUrl(url: string, options: UrlOptions, { signal }: ListingContext): AsyncGenerator<ListedVideo> {
  const address = checkUrl(url);
  if (hasVideoExtension(address.pathname)) {
    yield { video: { videoKey: videoKeyOfUrl(url), source: 'url', url: address.href } };
    return;
  }
  const { limit = 100, site } = options;
  const document = await describe(address.href);
  if (document === undefined) return;
  if (document.entries === undefined) yield { video: referenceOf(document, address.href) };
  else yield* listEntries(document.entries, limit, 1);

  async function describe(target: string): Promise<YtDlpEntry | undefined> {
    const programArguments = ['--dump-single-json', '--flat-playlist', '--no-playlist', '--playlist-end', `${limit}`];
    const lines = await runYtDlp(target, programArguments, { site, signal });
    return (JSON.parse(lines.at(-1) ?? 'null') as YtDlpEntry | null) ?? undefined;
  }

  /** Returns how many of `wanted` are still wanted. */
  async function* listEntries(
    entries: YtDlpEntry[],
    wanted: number,
    depth: number,
  ): AsyncGenerator<ListedVideo, number> {
    let left = wanted;
    for (const entry of entries) {
      if (left <= 0) break;
      if (isList(entry)) {
        if (depth === deepest) continue;
        const inner = entry.entries ?? (entry.url === undefined ? undefined : (await describe(entry.url))?.entries);
        if (inner !== undefined) left = yield* listEntries(inner, left, depth + 1);
        continue;
      }
      // Several videos in one page have the page's address in common, and only their media's address tells them apart.
      const ofEntry = entry.url ?? entry.formats?.at(-1)?.url ?? entry.webpage_url;
      if (ofEntry === undefined || !fits(entry, options)) continue;
      left -= 1;
      yield { video: referenceOf(entry, ofEntry) };
    }
    return left;
  }
}

function referenceOf(entry: YtDlpEntry, url: string): VideoReference {
  return { videoKey: keyOfEntry(entry, url), source: 'url', url, ...metadataOf(entry) };
}

function checkUrl(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address === undefined || !/^https?:$/.test(address.protocol)) {
    throw new PipelineError('URL_UNSUPPORTED', `${withoutSecrets(url)} is not an http or https address.`, {
      hint: 'Local files belong under sources.files.',
    });
  }
  if (address.username !== '' || address.password !== '') {
    // The address is kept in the catalog, in Temporal's history and in the dataset's manifest.
    throw new PipelineError('URL_HAS_PASSWORD', `An address at ${address.host} has a user name or password in it.`, {
      hint: 'Take it out, and put it into a netrc file: youtube.extra_args: ["--netrc-location", "secrets/netrc"].',
    });
  }
  return address;
}
