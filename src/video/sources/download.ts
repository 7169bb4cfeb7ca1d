import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PipelineError } from '../../common/errors.js';
import { syncFile } from '../../common/files.js';
import { findTool } from '../../tools/index.js';
import type { VideoReference } from '../types.js';
import { hasVideoExtension } from './extensions.js';
import { metadataOf, runYtDlp, type VideoMetadata, type YtDlpEntry } from './ytdlp.js';

export interface DownloadOptions {
  /** The file becomes `<folder>/<videoKey>.<ext>`; unfinished ones wait in `<folder>/.partial`. */
  folder: string;
  /** Of the formats that a site offers none higher than this many pixels is taken. */
  maxHeight: number;
  /** Gets the share that is done, 0..1, when the site says how much there is. */
  onProgress?: (fraction: number) => void;
  /** A cookies file in the format of Netscape. It is not changed. */
  cookies?: string;
  /** Given to yt-dlp as they are. */
  extraArgs?: readonly string[];
  signal?: AbortSignal;
}

export interface DownloadedVideo extends VideoMetadata {
  /** Absolute path. */
  file: string;
  url?: string;
}

/**
 * Brings a video to a local file: pictures only, H.264 where the site has it. What is there already is returned at
 * once; what was interrupted goes on where it stopped. A local video is where it is.
 *
 * @throws PipelineError as yt-dlp's failure says; DOWNLOAD_SKIPPED if yt-dlp left the video out (it is live)
 */
export async function downloadVideo(reference: VideoReference, options: DownloadOptions): Promise<DownloadedVideo> {
  const { title, channel, licence, durationSeconds, uploadDate, url } = reference;
  const known = { title, channel, licence, durationSeconds, uploadDate, url };
  if (reference.file !== undefined) return { ...known, file: reference.file };
  if (url === undefined) throw new Error(`the reference ${reference.videoKey} has neither a file nor an address`);
  const folder = path.resolve(options.folder);
  await mkdir(folder, { recursive: true });
  const existing = await downloadedFile(folder, reference.videoKey);
  if (existing !== undefined) return { ...known, file: existing };

  let answer: (YtDlpEntry & { filepath?: string }) | undefined;
  const onLine = (line: string): void => {
    if (line.startsWith(progressMark)) reportProgress(line, options.onProgress);
    else if (line.startsWith('{')) answer = JSON.parse(line) as typeof answer;
  };
  const { cookies, signal, extraArgs = [] } = options;
  // yt-dlp writes the cookies back: each process needs a file of its own, and nobody else may read it.
  const privateFolder = cookies === undefined ? undefined : await mkdtemp(path.join(tmpdir(), 'frameloop-'));
  try {
    const programArguments = await downloadArguments(folder, reference.videoKey, options.maxHeight);
    if (cookies !== undefined && privateFolder !== undefined) {
      programArguments.push('--cookies', await copyCookies(cookies, privateFolder));
    }
    await runYtDlp(url, [...programArguments, ...extraArgs], { signal, onLine });
  } finally {
    if (privateFolder !== undefined) await rm(privateFolder, { recursive: true, force: true });
  }
  const file = answer?.filepath;
  if (answer === undefined || file === undefined) {
    throw new PipelineError('DOWNLOAD_SKIPPED', `yt-dlp left out ${url}: it is live, or excluded by its options.`, {
      hint: 'Leave the video out, or check youtube.extra_args.',
    });
  }
  await syncFile(file);
  return { ...known, ...metadataOf(answer), file };
}

async function copyCookies(cookies: string, folder: string): Promise<string> {
  const copy = path.join(folder, 'cookies.txt');
  await copyFile(cookies, copy).catch((error: unknown) => {
    throw new PipelineError('COOKIES_UNREADABLE', `The cookies file ${cookies} cannot be read.`, {
      hint: 'Check youtube.cookies.',
      cause: error,
    });
  });
  return copy;
}

/** The finished file of an earlier run, or what the format fix made of it. */
async function downloadedFile(folder: string, videoKey: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter(hasVideoExtension).sort();
  const name =
    names.find((each) => path.parse(each).name === `${videoKey}.normalised`) ??
    names.find((each) => path.parse(each).name === videoKey);
  return name === undefined ? undefined : path.join(folder, name);
}

const progressMark = 'progress ';

async function downloadArguments(folder: string, videoKey: string, maxHeight: number): Promise<string[]> {
  const ffmpeg = await findTool('ffmpeg');
  const upTo = `[height<=${maxHeight}]`;
  // `?` lets formats pass whose height the site does not state: a direct link has one format and no choice.
  const formats = [
    `bv*[vcodec^=avc1]${upTo}`,
    `bv*${upTo}`,
    `b${upTo}`,
    `bv*[height<=?${maxHeight}]`,
    `b[height<=?${maxHeight}]`,
  ];
  const progress = '%(progress.downloaded_bytes)s %(progress.total_bytes)s %(progress.total_bytes_estimate)s';
  const answer = '%(.{id,filepath,duration,title,channel,uploader,upload_date,license})j';
  return [
    ...['--format', formats.join('/'), '--format-sort', `res:${maxHeight},fps:30`, '--no-playlist'],
    ...['--match-filters', '!is_live', '--fragment-retries', '10', '--concurrent-fragments', '4', '--no-mtime'],
    ...[
      '--output',
      `${videoKey}.%(ext)s`,
      '--paths',
      `home:${folder}`,
      '--paths',
      `temp:${path.join(folder, '.partial')}`,
    ],
    ...['--ffmpeg-location', ffmpeg.path, '--no-simulate', '--print', `after_move:${answer}`],
    ...['--progress', '--newline', '--progress-template', `download:${progressMark}${progress}`],
  ];
}

function reportProgress(line: string, onProgress?: (fraction: number) => void): void {
  const [done, total, estimate] = line.slice(progressMark.length).split(' ').map(Number);
  const whole = Number.isFinite(total) ? total : estimate;
  if (done !== undefined && whole !== undefined && whole > 0) onProgress?.(Math.min(1, done / whole));
}
