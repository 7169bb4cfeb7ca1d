import { stat } from 'node:fs/promises';
import path from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { PipelineError, systemErrorCode } from '../../common/errors.js';
import { sha256File } from '../../common/files.js';
import { videoKeyOfContent } from '../keys.js';
import { hasVideoExtension, videoExtensions } from './extensions.js';
import type { ContentMemory, ListedVideo, ListingContext, VideoSource } from './source.js';

/**
 * Videos of this machine. Each input is a file (taken whatever its name), a folder (searched with its subfolders for video
 * files) or a glob. Hidden files and folders are left out. The same content under several names is listed once.
 * Listing throws VIDEO_NOT_FOUND for a file that is not there, NO_VIDEOS_FOUND for a folder or glob without any.
 */
export function localSource(input: string): VideoSource {
  return { name: input, list: (context) => listFiles(input, context) };
}

async function* listFiles(input: string, { signal, contents }: ListingContext): AsyncGenerator<ListedVideo> {
  const seen = new Set<string>();
  for (const file of await filesOf(input, signal)) {
    const contentSha256 = await sha256Of(file, contents, signal);
    const videoKey = videoKeyOfContent(contentSha256);
    if (seen.has(videoKey)) continue;
    seen.add(videoKey);
    yield { video: { videoKey, source: 'file', file, title: path.parse(file).name, contentSha256 } };
  }
}

async function sha256Of(file: string, contents?: ContentMemory, signal?: AbortSignal): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  const state = { file, sizeBytes: size, modifiedMs: mtimeMs };
  const known = await contents?.sha256Of(state);
  if (known !== undefined) return known;
  const sha256 = await sha256File(file, signal);
  // Somebody may still be copying it: what was read then is not what the file will be.
  const after = await stat(file);
  if (after.size === size && after.mtimeMs === mtimeMs) await contents?.remember(state, sha256);
  return sha256;
}

/** Absolute paths in the order of their names. */
async function filesOf(input: string, signal?: AbortSignal): Promise<string[]> {
  const kind = await kindOf(input);
  if (kind === 'file') return [path.resolve(input)];
  if (kind === 'absent' && !isDynamicPattern(input)) {
    throw new PipelineError('VIDEO_NOT_FOUND', `There is no file or folder ${path.resolve(input)}.`, {
      hint: 'Check sources.files; relative paths start at the current folder.',
    });
  }
  const where = kind === 'folder' ? { cwd: path.resolve(input) } : {};
  // Globs are written with slashes everywhere; a backslash would quote the next character.
  const slashes = path.sep === '\\' ? input.replaceAll('\\', '/') : input;
  const pattern = kind === 'folder' ? '**' : slashes;
  const files = (await glob(pattern, { ...where, absolute: true, signal })).filter(hasVideoExtension);
  if (files.length === 0) {
    const place = kind === 'folder' ? `in the folder ${path.resolve(input)}` : `that matches ${input}`;
    throw new PipelineError('NO_VIDEOS_FOUND', `There is no video ${place}.`, {
      hint: `Files with these extensions are taken: ${videoExtensions.join(', ')}.`,
    });
  }
  return files.map((file) => path.normalize(file)).sort();
}

async function kindOf(input: string): Promise<'file' | 'folder' | 'absent'> {
  try {
    return (await stat(input)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return 'absent';
    throw error;
  }
}
