import { readdir, rm, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PipelineError, systemErrorCode } from '../../common/errors.js';
import type { RgbImage } from '../../common/types.js';
import { assertUsable, hasVideoExtension, probeVideo, sampleFrames } from '../../video/index.js';

/** What a folder is searched for; a file that is named may have any extension. */
const PICTURE = /\.(jpe?g|png|webp|tiff?|gif|avif)$/i;

/** One picture for the detector. */
export interface DetectInput {
  /** As the user knows it: the path of the picture, or of the video. */
  image: string;
  /** Of a frame: its presentation time in seconds. */
  pts?: number;
  source: string | RgbImage;
  /** A file with the picture, which is there until the next one is asked for. */
  file: string;
  /** Of files made from it: below the folder that was given, without extension. */
  name: string;
}

/** Where pictures are, before any is opened. */
interface Found {
  file: string;
  /** The path in the user's own words. */
  shown: string;
  name: string;
}

/**
 * The pictures and videos that the command line names, in the order given; those of a folder and of its folders in
 * natural order (frame2 before frame10).
 *
 * @throws PipelineError WRONG_USE for a path that is not there, or a folder without pictures
 */
export async function findInputs(paths: readonly string[]): Promise<Found[]> {
  const found = await Promise.all(paths.map((each) => findIn(each)));
  return found.flat();
}

async function findIn(shown: string): Promise<Found[]> {
  const file = path.resolve(shown);
  const stats = await stat(file).catch((error: unknown) => {
    // Whether a file is readable is said for each by itself.
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!stats?.isDirectory()) return [{ file, shown, name: path.parse(file).name }];
  const entries = await readdir(file, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && (PICTURE.test(entry.name) || hasVideoExtension(entry.name)))
    .map((entry) => path.relative(file, path.join(entry.parentPath, entry.name)))
    .sort(new Intl.Collator('en', { numeric: true }).compare);
  if (names.length === 0) {
    throw new PipelineError('WRONG_USE', `The folder ${shown} holds no picture and no video.`, {
      hint: 'Pictures are JPEG, PNG, WebP, TIFF, GIF and AVIF files.',
    });
  }
  return names.map((name) => ({
    file: path.join(file, name),
    shown: path.join(shown, name),
    name: name.slice(0, name.length - path.extname(name).length),
  }));
}

/** Opens one after the other; of a video, a frame every so many seconds. */
export async function* openInputs(
  inputs: readonly Found[],
  { everySeconds, signal }: { everySeconds: number; signal: AbortSignal },
): AsyncGenerator<DetectInput> {
  for (const { file, shown, name } of inputs) {
    signal.throwIfAborted();
    if (hasVideoExtension(file)) yield* framesOf({ file, shown, name }, everySeconds, signal);
    else yield { image: shown, source: file, file, name };
  }
}

async function* framesOf(
  { file, shown, name }: Found,
  everySeconds: number,
  signal: AbortSignal,
): AsyncGenerator<DetectInput> {
  const video = await probeVideo(file, { signal });
  assertUsable(video);
  const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-detect-'));
  try {
    const options = { videoKey: 'video', outputFolder: folder, everySeconds, blankDeviation: 0, signal };
    for await (const step of sampleFrames(video, options)) {
      if ('rejected' in step) continue;
      const { file: frame, ptsSeconds } = step.frame;
      const time = String(Math.round(ptsSeconds * 1000)).padStart(9, '0');
      yield { image: shown, pts: ptsSeconds, source: step.picture, file: frame, name: `${name}_${time}` };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
