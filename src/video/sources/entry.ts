import { videoKeyOfSite, videoKeyOfUrl } from '../keys.js';
import type { VideoReference } from '../types.js';

/** The part of yt-dlp's description of a video, or of a list of videos, that is read here. */
export interface YtDlpEntry {
  _type?: string;
  id?: string;
  url?: string;
  webpage_url?: string;
  title?: string | null;
  channel?: string | null;
  uploader?: string | null;
  license?: string | null;
  duration?: number | null;
  upload_date?: string | null;
  live_status?: string | null;
  is_live?: boolean | null;
  ie_key?: string | null;
  extractor_key?: string | null;
  formats?: { url?: string }[];
  entries?: YtDlpEntry[];
}

/** What is known of a video besides its key and address. */
export type VideoMetadata = Pick<
  VideoReference,
  'siteId' | 'title' | 'channel' | 'licence' | 'durationSeconds' | 'uploadDate'
>;

export function metadataOf(entry: YtDlpEntry): VideoMetadata {
  const metadata: VideoMetadata = {
    siteId: hasOwnId(entry) ? entry.id : undefined,
    title: entry.title ?? undefined,
    channel: entry.channel ?? entry.uploader ?? undefined,
    licence: entry.license ?? undefined,
    durationSeconds: entry.duration ?? undefined,
    uploadDate: entry.upload_date ?? undefined,
  };
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));
}

/** Extractors that work on any page: the ids they make up are file names, which repeat from site to site. */
const withoutIds = new Set(['generic', 'html5mediaembed']);

const extractorOf = (entry: YtDlpEntry): string | undefined => entry.ie_key ?? entry.extractor_key ?? undefined;

function hasOwnId(entry: YtDlpEntry): boolean {
  const extractor = extractorOf(entry);
  return extractor !== undefined && entry.id !== undefined && !withoutIds.has(extractor.toLowerCase());
}

/** `<site>-<id>` where the site numbers its videos, else by the address. */
export function keyOfEntry(entry: YtDlpEntry, url: string): string {
  const extractor = extractorOf(entry);
  return hasOwnId(entry) && extractor !== undefined && entry.id !== undefined
    ? videoKeyOfSite(extractor, entry.id)
    : videoKeyOfUrl(url);
}

/**
 * Whether the entry of a list is a list itself: the tabs of a channel, the playlists of a user. yt-dlp says so only of
 * what it has read; of the rest its extractor's name tells.
 */
export function isList(entry: YtDlpEntry): boolean {
  if (entry.entries !== undefined || entry._type === 'playlist' || entry._type === 'multi_video') return true;
  return /(?:tab|playlist|channel|user|collection|series|season)s?$/i.test(extractorOf(entry) ?? '');
}

export interface DurationLimits {
  minDurationSeconds?: number;
  maxDurationSeconds?: number;
}

/** Whether the video is neither live, nor announced, nor too short, nor too long, as far as the site says. */
export function fits(entry: YtDlpEntry, { minDurationSeconds = 0, maxDurationSeconds = Infinity }: DurationLimits) {
  const live = entry.is_live === true || entry.live_status === 'is_live' || entry.live_status === 'is_upcoming';
  // Not every list has durations; what is unknown cannot be too long.
  const duration = entry.duration ?? undefined;
  return !live && (duration === undefined || (duration >= minDurationSeconds && duration <= maxDurationSeconds));
}
