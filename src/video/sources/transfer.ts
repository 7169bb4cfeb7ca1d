import path from 'node:path';
import { PipelineError } from '../../common/errors.js';
import { findTool } from '../../tools/index.js';
import type { YtDlpEntry } from './entry.js';
import { formatSelection } from './formats.js';
import { rememberProcess } from './orphan.js';
import { isLocalAddress, type SiteOptions } from './site-options.js';
import { runYtDlp } from './ytdlp.js';
import { withoutSecrets } from './ytdlp-errors.js';

export interface TransferOptions {
  /** Where the file and its parts are written, under the key as their name. */
  folder: string;
  videoKey: string;
  /** Greatest height of the pictures in pixels. Nothing higher is taken, whatever the site offers. */
  maxHeight: number;
  /** Greatest size of the file in bytes. Default: no limit. */
  maxBytes?: number;
  /** Bytes per second. Default: no limit. */
  rateLimit?: number;
  /** A pause before the download, in seconds, at most twice as long at random. Not for addresses of this machine. */
  pauseSeconds?: number;
  site?: SiteOptions;
  /** Gets the share that is done, 0..1, when the site says how much there is. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
}

/** What yt-dlp says of a video that it has transferred; `filepath` is absolute. */
type TransferredVideo = YtDlpEntry & { filepath: string };

/**
 * Lets yt-dlp transfer a video into a folder; what an earlier call left there is gone on with. Addresses of media expire:
 * a site that refuses the transfer is asked for a new one once.
 *
 * @throws PipelineError as yt-dlp's failure says; VIDEO_TOO_LARGE; VIDEO_NOT_YET; DOWNLOAD_SKIPPED
 */
export async function transferVideo(url: string, options: TransferOptions): Promise<TransferredVideo> {
  try {
    return await transfer(url, options);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'DOWNLOAD_REFUSED') throw error;
    return transfer(url, options);
  }
}

async function transfer(url: string, options: TransferOptions): Promise<TransferredVideo> {
  const { folder, maxBytes = Infinity, signal, site, onProgress } = options;
  let answer: (YtDlpEntry & { filepath?: string }) | undefined;
  let live = false;
  const onLine = (line: string): void => {
    live ||= line.includes(`does not pass filter (${notLive})`);
    if (line.startsWith('{')) answer = JSON.parse(line) as typeof answer;
    else if (line.includes('[download] File is larger than max-filesize')) throw tooLarge(url, maxBytes);
    else if (line.startsWith(progressMark)) {
      const [done = 0, total, estimate] = line.slice(progressMark.length).split(' ').map(Number);
      // The size of a stream in pieces, or of an answer without a length, shows only on the way.
      if (done > maxBytes) throw tooLarge(url, maxBytes);
      const whole = Number.isFinite(total) ? total : estimate;
      if (whole !== undefined && whole > 0) onProgress?.(Math.min(1, done / whole));
    }
  };
  const programArguments = await transferArguments(url, options);
  await runYtDlp(url, programArguments, {
    ...{ site, signal, onLine },
    privateFolder: path.join(folder, 'private'),
    onStart: (pid) => rememberProcess(folder, pid),
  });
  if (answer?.filepath !== undefined) return { ...answer, filepath: answer.filepath };
  if (live) {
    throw new PipelineError('VIDEO_NOT_YET', `${withoutSecrets(url)} is live.`, {
      hint: 'A later round takes what it leaves.',
    });
  }
  throw new PipelineError('DOWNLOAD_SKIPPED', `yt-dlp left out ${withoutSecrets(url)}: its options exclude it.`, {
    hint: 'Leave the video out, or check youtube.extra_args.',
  });
}

const notLive = '!is_live';
const progressMark = 'progress ';

async function transferArguments(url: string, options: TransferOptions): Promise<string[]> {
  const { folder, videoKey, maxHeight, maxBytes, rateLimit, pauseSeconds = 0 } = options;
  const ffmpeg = await findTool('ffmpeg');
  const progress = '%(progress.downloaded_bytes)s %(progress.total_bytes)s %(progress.total_bytes_estimate)s';
  const answer = '%(.{id,extractor_key,filepath,duration,title,channel,uploader,upload_date,license})j';
  const pause = pauseSeconds > 0 && !isLocalAddress(url);
  return [
    ...formatSelection(maxHeight),
    ...['--no-playlist', '--playlist-items', '1', '--match-filters', notLive, '--no-mtime'],
    // A piece that is missing would be a hole in the video that nobody sees.
    ...['--fragment-retries', '10', '--concurrent-fragments', '4', '--abort-on-unavailable-fragments'],
    ...['--paths', `home:${folder}`, '--output', `${videoKey}.%(ext)s`, '--ffmpeg-location', ffmpeg.path],
    ...['--no-simulate', '--no-quiet', '--print', `after_move:${answer}`],
    ...['--progress', '--newline', '--progress-delta', '0.5'],
    ...['--progress-template', `download:${progressMark}${progress}`],
    ...(maxBytes === undefined ? [] : ['--max-filesize', `${maxBytes}`]),
    ...(rateLimit === undefined ? [] : ['--limit-rate', `${rateLimit}`]),
    ...(pause ? ['--sleep-interval', `${pauseSeconds}`, '--max-sleep-interval', `${2 * pauseSeconds}`] : []),
  ];
}

function tooLarge(url: string, maxBytes: number): PipelineError {
  return new PipelineError(
    'VIDEO_TOO_LARGE',
    `${withoutSecrets(url)} is larger than ${(maxBytes / 1024 ** 2).toFixed(1)} MiB.`,
    { hint: 'Raise youtube.max_filesize, lower youtube.resolution, or leave the video out.' },
  );
}
