import type { PipelineError } from '../../common/errors.js';
import type { VideoReference } from '../types.js';

/** Where videos come from: a search, an address (video, page, playlist, channel), or files of this machine. */
export interface VideoSource {
  /** The query, address or path as the user wrote it. */
  readonly name: string;
  /** The site that answers, see {@link siteOf}; none for local files. */
  readonly site?: string;
  /**
   * Lists without downloading, best first.
   *
   * @throws PipelineError if the source as a whole does not answer; a video that cannot be had is listed with its reason
   */
  list(context: ListingContext): AsyncIterable<ListedVideo>;
}

export interface ListingContext {
  /** Whether a video was met before. A search goes on until it has enough that were not. */
  isKnown: (videoKey: string) => Promise<boolean>;
  /** What is in files that were read before; without it every local file is read. */
  contents?: ContentMemory;
  signal?: AbortSignal;
}

/** A file as it was when it was looked at: while none of this changes, its content is taken to be the same. */
export interface FileState {
  /** Absolute path. */
  file: string;
  sizeBytes: number;
  modifiedMs: number;
}

/** Remembers the SHA-256 of files, so that a folder of many gigabytes is not read anew by every round. */
export interface ContentMemory {
  sha256Of(file: FileState): Promise<string | undefined>;
  remember(file: FileState, sha256: string): Promise<void>;
}

export interface ListedVideo {
  video: VideoReference;
  /** Why it cannot be had. Such a video does not count. */
  failure?: PipelineError;
}

/**
 * The site behind a video, for what concerns all videos of a site: `youtube` where yt-dlp knows the site, the host name
 * for other addresses.
 */
export function siteOf({ videoKey, url }: Pick<VideoReference, 'videoKey' | 'url'>): string {
  const [prefix = videoKey] = videoKey.split('-', 1);
  return prefix === 'url' && url !== undefined ? hostOf(url) : prefix;
}

/** The site behind an address before anyone asked it: what {@link siteOf} says of its videos, where that can be told. */
export function siteOfUrl(url: string): string {
  const host = hostOf(url);
  return /^(?:[\w-]+\.)*(?:youtube(?:-nocookie)?\.com|youtu\.be)$/.test(host) ? 'youtube' : host;
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^www\./, '');
}
