import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import type { LabelledBox } from '../common/types.js';
import { videoKeyOfFile } from '../video/index.js';

/** What is really to be seen in the frames of the bundled clips. */
export interface ClipTruth {
  /** The keys of the videos whose truth is known. */
  videoKeys: string[];
  /**
   * The objects of a frame, in pixels of the clip; empty where there is nothing to label.
   * @param frame `<videoKey>_<pts in ms>`, with or without a file extension
   * @returns `undefined` for another video, or a time at which the clip has no picture
   */
  boxesOf: (frame: string) => LabelledBox[] | undefined;
}

/** Class, left, top, right, bottom, and how much of the object is in sight (0..1), where the file says so. */
const box = z.tuple([z.int(), z.number(), z.number(), z.number(), z.number(), z.number().min(0).max(1).optional()]);

/** `<clip>.truth.json`, written by demo/make-clips.ts. */
const truthFile = z.object({
  video: z.string(),
  fps: z.number().positive(),
  classes: z.array(z.string()),
  frames: z.array(z.tuple([z.number(), z.int(), z.array(box)])),
});

type TruthFile = z.infer<typeof truthFile>;

/** The folder of the bundled clips; the same from the sources and from the build. */
export const bundledClips = (): string => fileURLToPath(new URL('../../demo/clips', import.meta.url));

/**
 * Loads the truth of every clip in a folder.
 * @throws PipelineError DEMO_TRUTH_MISSING (no truth there, or a clip is absent), DEMO_TRUTH_INVALID
 */
export async function loadClipTruth(folder = bundledClips(), signal?: AbortSignal): Promise<ClipTruth> {
  const videos = new Map<string, TruthFile>();
  for (const name of await truthFilesIn(folder)) {
    const truth = await readTruth(path.join(folder, name));
    videos.set(await clipKey(path.join(folder, truth.video), signal), truth);
  }
  if (videos.size === 0) throw missing(`There is no *.truth.json in ${folder}.`);
  return {
    videoKeys: [...videos.keys()],
    boxesOf: (frame) => {
      const [, videoKey = '', milliseconds = ''] = /^(.+)_(\d{9})(?:\.\w+)?$/.exec(frame) ?? [];
      const truth = videos.get(videoKey);
      return truth && boxesAt(truth, Number(milliseconds) / 1000);
    },
  };
}

/** The objects of the picture that is shown at this time: the nearest one, at most half a frame away. */
function boxesAt(truth: TruthFile, seconds: number): LabelledBox[] | undefined {
  let nearest: TruthFile['frames'][number] | undefined;
  for (const frame of truth.frames) {
    if (nearest === undefined || Math.abs(frame[0] - seconds) < Math.abs(nearest[0] - seconds)) nearest = frame;
  }
  if (nearest === undefined || Math.abs(nearest[0] - seconds) > 0.5 / truth.fps) return undefined;
  return nearest[2].map(([classId, x1, y1, x2, y2]) => ({ label: truth.classes[classId] ?? '', x1, y1, x2, y2 }));
}

async function truthFilesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.truth.json')).sort();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw missing(`The folder ${folder} does not exist.`);
    throw error;
  }
}

async function readTruth(file: string): Promise<TruthFile> {
  try {
    const truth = truthFile.parse(JSON.parse(await readFile(file, 'utf8')));
    const unknown = truth.frames.flatMap((frame) => frame[2]).find(([classId]) => !(classId in truth.classes));
    if (unknown !== undefined) throw new Error(`class ${unknown[0]} has no name`);
    return truth;
  } catch (error) {
    throw new PipelineError('DEMO_TRUTH_INVALID', `${file} is not the truth of a clip: ${messageOf(error)}`, {
      hint: 'Fetch the file anew, or make it with "npx tsx demo/make-clips.ts".',
      cause: error,
    });
  }
}

async function clipKey(file: string, signal?: AbortSignal): Promise<string> {
  try {
    return await videoKeyOfFile(file, signal);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw missing(`The clip ${file} does not exist, but its truth does.`);
    throw error;
  }
}

const missing = (message: string): PipelineError =>
  new PipelineError('DEMO_TRUTH_MISSING', message, {
    hint: 'The demo needs demo/clips as it comes with Frameloop; "npx tsx demo/make-clips.ts" makes it anew.',
  });
