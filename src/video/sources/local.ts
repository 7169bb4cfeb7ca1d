import { stat } from 'node:fs/promises';
import path from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { PipelineError, systemErrorCode } from '../../common/errors.js';
import { videoKeyOfFile } from '../keys.js';
import type { VideoReference } from '../types.js';
import { hasVideoExtension, videoExtensions } from './extensions.js';

/**
 * Lists local videos. Each input is a file (taken whatever its name), a folder (searched with its subfolders for video
 * files) or a glob. Hidden files and folders are left out. The same content under several names is listed once.
 *
 * @throws PipelineError VIDEO_NOT_FOUND for a file that is not there; NO_VIDEOS_FOUND for a folder or glob without any
 */
export async function listLocalVideos(inputs: readonly string[], signal?: AbortSignal): Promise<VideoReference[]> {
  const byKey = new Map<string, VideoReference>();
  for (const input of inputs) {
    for (const file of await filesOf(input, signal)) {
      const videoKey = await videoKeyOfFile(file, signal);
      if (!byKey.has(videoKey)) byKey.set(videoKey, { videoKey, source: 'file', file, title: path.parse(file).name });
    }
  }
  return [...byKey.values()];
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
