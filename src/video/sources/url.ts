import { PipelineError } from '../../common/errors.js';
import { videoKeyOfUrl } from '../keys.js';
import type { VideoReference } from '../types.js';
import { hasVideoExtension } from './extensions.js';
import { keyOfEntry, metadataOf, runYtDlp, type YtDlpEntry } from './ytdlp.js';

export interface ListUrlOptions {
  /** At most so many videos of a playlist or channel, from its beginning. Default 100. */
  limit?: number;
  /** Given to yt-dlp as they are. */
  extraArgs?: readonly string[];
  signal?: AbortSignal;
}

/**
 * Lists the videos behind an address without downloading them: one for a video file or a page with a video, several
 * for a playlist or channel. The address of a file with a video's extension is taken as it is, without a request.
 *
 * @throws PipelineError URL_UNSUPPORTED if it is no http(s) address or has no video; else as yt-dlp's failure says
 */
export async function listUrl(url: string, options: ListUrlOptions = {}): Promise<VideoReference[]> {
  const address = checkUrl(url);
  if (hasVideoExtension(address.pathname)) return [{ videoKey: videoKeyOfUrl(url), source: 'url', url: address.href }];
  const { limit = 100, extraArgs = [], signal } = options;
  const programArguments = ['--dump-single-json', '--flat-playlist', '--no-playlist', '--playlist-end', String(limit)];
  const lines = await runYtDlp(address.href, [...programArguments, ...extraArgs], { signal });
  const document = JSON.parse(lines.at(-1) ?? 'null') as YtDlpEntry | null;
  if (document === null) return [];
  if (document.entries === undefined) return [referenceOf(document, address.href)];
  return document.entries.flatMap((entry) => {
    // Several videos in one page have the page's address in common, and only their media's address tells them apart.
    const ofEntry = entry.url ?? entry.formats?.at(-1)?.url ?? entry.webpage_url;
    return ofEntry === undefined ? [] : [referenceOf(entry, ofEntry)];
  });
}

function referenceOf(entry: YtDlpEntry, url: string): VideoReference {
  return { videoKey: keyOfEntry(entry, url), source: 'url', url, ...metadataOf(entry) };
}

function checkUrl(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address !== undefined && /^https?:$/.test(address.protocol)) return address;
  throw new PipelineError('URL_UNSUPPORTED', `${url} is not an http or https address.`, {
    hint: 'Local files belong under sources.files.',
  });
}
