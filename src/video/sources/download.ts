import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PipelineError, systemErrorCode } from '../../common/errors.js';
import { commitFile } from '../../common/files.js';
import { probeVideo } from '../probe.js';
import type { VideoReference } from '../types.js';
import { metadataOf, type VideoMetadata } from './entry.js';
import { hasVideoExtension } from './extensions.js';
import { endOrphan } from './orphan.js';
import { transferVideo, type TransferOptions } from './transfer.js';
import { reachOfFailure, withoutSecrets } from './ytdlp-errors.js';

export interface DownloadOptions extends Omit<TransferOptions, 'videoKey'> {
  /** The file becomes `<folder>/<videoKey>.<ext>`; for unfinished ones see {@link partialFolder}. */
  folder: string;
}

/** Where unfinished downloads to a folder wait, each in a folder that is named by the key of its video. */
export const partialFolder = (downloads: string): string => path.join(downloads, '.partial');

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
  const partial = path.join(partialFolder(folder), videoKey);
  await makeFolder(partial);
  const existing = await downloadedFile(folder, videoKey);
  if (existing === undefined) await endOrphan(partial);
  else return finish(existing, {});

  try {
    const answer = await transferVideo(url, { ...options, videoKey, folder: partial });
    await checkHeight(answer.filepath, options.maxHeight, url);
    const file = path.join(folder, path.basename(answer.filepath));
    await commitFile(answer.filepath, file);
    return await finish(file, metadataOf(answer));
  } catch (error) {
    // What will never be finished takes no space.
    if (hopeless(error)) await rm(partial, { recursive: true, force: true });
    throw error;
  }

  async function finish(file: string, learned: VideoMetadata): Promise<DownloadedVideo> {
    await rm(partial, { recursive: true, force: true });
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

/** The finished file of an earlier run, or what the format fix made of it. */
async function downloadedFile(folder: string, videoKey: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter(hasVideoExtension).sort();
  const name =
    names.find((each) => path.parse(each).name === `${videoKey}.normalised`) ??
    names.find((each) => path.parse(each).name === videoKey);
  return name === undefined ? undefined : path.join(folder, name);
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

/** Whether the same call will fail again, and for a reason of this video. */
function hopeless(error: unknown): boolean {
  return error instanceof PipelineError && !error.retryable && reachOfFailure(error.code) === undefined;
}
