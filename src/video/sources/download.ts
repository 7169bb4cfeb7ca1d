import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PipelineError, systemErrorCode } from '../../common/errors.js';
import { commitFile } from '../../common/files.js';
import { findTool } from '../../tools/index.js';
import { probeVideo } from '../probe.js';
import type { VideoReference } from '../types.js';
import { metadataOf, type VideoMetadata, type YtDlpEntry } from './entry.js';
import { hasVideoExtension } from './extensions.js';
import { formatSelection } from './formats.js';
import { endOrphan, rememberProcess } from './orphan.js';
import { isLocalAddress, type SiteOptions } from './site-options.js';
import { runYtDlp } from './ytdlp.js';
import { withoutSecrets } from './ytdlp-errors.js';

export interface DownloadOptions {
  /** The file becomes `<folder>/<videoKey>.<ext>`; unfinished ones wait in `<folder>/.partial/<videoKey>`. */
  folder: string;
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

export interface DownloadedVideo extends VideoMetadata {
  /** Absolute path. */
  file: string;
  url?: string;
}

/**
 * Brings a video to a local file: pictures only where the site has them apart, H.264 where it has it. What is there
 * already is returned at once; what was interrupted goes on where it stopped. A local video is where it is.
 *
 * @throws PipelineError as yt-dlp's failure says; FORMAT_UNAVAILABLE if there is nothing up to `maxHeight`;
 *   VIDEO_TOO_LARGE; VIDEO_NOT_YET while it is live; DOWNLOAD_SKIPPED if the user's options exclude it
 */
export async function downloadVideo(reference: VideoReference, options: DownloadOptions): Promise<DownloadedVideo> {
  const { siteId, title, channel, licence, durationSeconds, uploadDate, url, videoKey } = reference;
  const known = { siteId, title, channel, licence, durationSeconds, uploadDate, url };
  if (reference.file !== undefined) return { ...known, file: reference.file };
  if (url === undefined) throw new Error(`the reference ${videoKey} has neither a file nor an address`);
  const folder = path.resolve(options.folder);
  const partialFolder = path.join(folder, '.partial', videoKey);
  await makeFolder(partialFolder);
  const existing = await downloadedFile(folder, videoKey);
  if (existing === undefined) await endOrphan(partialFolder);
  else return finish(existing, {});

  try {
    const answer = await fetchOnceMore(url, videoKey, partialFolder, options);
    await checkHeight(answer.filepath, options.maxHeight, url);
    const file = path.join(folder, path.basename(answer.filepath));
    await commitFile(answer.filepath, file);
    return await finish(file, metadataOf(answer));
  } catch (error) {
    // What will never be finished takes no space.
    if (hopeless(error)) await rm(partialFolder, { recursive: true, force: true });
    throw error;
  }

  async function finish(file: string, learned: VideoMetadata): Promise<DownloadedVideo> {
    await rm(partialFolder, { recursive: true, force: true });
    return { ...known, ...learned, file };
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new PipelineError(
      'DOWNLOADS_UNWRITABLE',
      `The folder ${folder} cannot be made (${systemErrorCode(error) ?? messageOf(error)}).`,
      { hint: 'Set paths.downloads to a folder that you may write to.', cause: error },
    );
  }
}

type Answer = YtDlpEntry & { filepath: string };

/** Addresses of media expire: a site that refuses the transfer is asked for a new address once. */
async function fetchOnceMore(url: string, key: string, folder: string, options: DownloadOptions): Promise<Answer> {
  try {
    return await fetch(url, key, folder, options);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'DOWNLOAD_REFUSED') throw error;
    return fetch(url, key, folder, options);
  }
}

async function fetch(url: string, videoKey: string, folder: string, options: DownloadOptions): Promise<Answer> {
  const { maxBytes = Infinity, signal, site, onProgress } = options;
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
  const programArguments = await downloadArguments(url, videoKey, folder, options);
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

/** The finished file of an earlier run, or what the format fix made of it. */
async function downloadedFile(folder: string, videoKey: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter(hasVideoExtension).sort();
  const name =
    names.find((each) => path.parse(each).name === `${videoKey}.normalised`) ??
    names.find((each) => path.parse(each).name === videoKey);
  return name === undefined ? undefined : path.join(folder, name);
}

const notLive = '!is_live';
const progressMark = 'progress ';

async function downloadArguments(
  url: string,
  videoKey: string,
  folder: string,
  { maxHeight, maxBytes, rateLimit, pauseSeconds = 0 }: DownloadOptions,
): Promise<string[]> {
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

/** Sites do not always say how high their pictures are; the file does. One that cannot be read is judged later. */
async function checkHeight(file: string, maxHeight: number, url: string): Promise<void> {
  const { usable, height } = await probeVideo(file);
  if (!usable || height <= maxHeight) return;
  throw new PipelineError(
    'FORMAT_UNAVAILABLE',
    `${withoutSecrets(url)} is ${height} pixels high, and ${maxHeight} is the limit.`,
    { hint: 'Raise youtube.resolution, or leave the video out.' },
  );
}

function tooLarge(url: string, maxBytes: number): PipelineError {
  return new PipelineError(
    'VIDEO_TOO_LARGE',
    `${withoutSecrets(url)} is larger than ${(maxBytes / 1024 ** 2).toFixed(1)} MiB.`,
    { hint: 'Raise youtube.max_filesize, lower youtube.resolution, or leave the video out.' },
  );
}

const hopelessCodes = new Set(['FORMAT_UNAVAILABLE', 'VIDEO_TOO_LARGE', 'VIDEO_UNAVAILABLE', 'VIDEO_RESTRICTED']);

function hopeless(error: unknown): boolean {
  return error instanceof PipelineError && hopelessCodes.has(error.code);
}
