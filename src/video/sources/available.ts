import { PipelineError } from '../../common/errors.js';
import type { VideoReference } from '../types.js';
import { fits, metadataOf, type DurationLimits, type YtDlpEntry } from './entry.js';
import { formatSelection } from './formats.js';
import type { SiteOptions } from './site-options.js';
import type { ListedVideo } from './source.js';
import { runYtDlp } from './ytdlp.js';
import { reachOfFailure } from './ytdlp-errors.js';

/**
 * Asks the site for one video of a list, without downloading it: lists do not say that a video is private, blocked here
 * or not yet there, often not how long it is, and never its licence. Undefined if it is live, too short or too long.
 *
 * @throws PipelineError for what concerns more than this video: a rate limit, or what only a person can mend
 */
export async function availableVideo(
  video: VideoReference & { url?: string },
  options: DurationLimits & { maxHeight: number; site?: SiteOptions },
  signal?: AbortSignal,
): Promise<ListedVideo | undefined> {
  const { url, ...rest } = video;
  if (url === undefined) return { video };
  const { maxHeight, site } = options;
  try {
    const programArguments = ['--dump-json', '--no-playlist', '--playlist-items', '1', ...formatSelection(maxHeight)];
    const [line] = await runYtDlp(url, programArguments, { site, signal });
    // Nothing at all: the user's own options exclude it.
    if (line === undefined) return undefined;
    const entry = JSON.parse(line) as YtDlpEntry;
    return fits(entry, options) ? { video: { ...rest, url, ...metadataOf(entry) } } : undefined;
  } catch (error) {
    const ofThisVideo =
      error instanceof PipelineError && error.code !== 'RATE_LIMITED' && reachOfFailure(error.code) === undefined;
    if (!ofThisVideo) throw error;
    return { video, failure: error };
  }
}
