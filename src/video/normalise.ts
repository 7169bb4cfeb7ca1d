import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { commitFile, temporaryName } from '../common/files.js';
import { confine, findTool } from '../tools/index.js';
import {
  collectComplaints,
  ffmpegError,
  ffmpegOptions,
  inputArguments,
  passthroughArguments,
  ranOutOfMemory,
} from './ffmpeg.js';
import { planNormalisation, type NormaliseAction } from './normalise-plan.js';
import { assertUsable, inspectVideo } from './probe.js';
import type { ProbeDetails } from './probe-document.js';
import type { VideoProbe } from './types.js';

export interface NormaliseOptions {
  /** Where the result goes. Default: beside the original. */
  outputFolder?: string;
  /** Name of the result without its extension. Default: the original's. */
  outputName?: string;
  /** Remove the original once its successor is in place and was probed. Only for folders that are ours. Default false. */
  removeOriginal?: boolean;
  signal?: AbortSignal;
  /** Gets the share that is done, 0..1. */
  onProgress?: (fraction: number) => void;
}

type Result = { file: string; action: NormaliseAction };

/**
 * Brings a video into a form that every later step can use, with the least work: nothing, or the same pictures in an
 * .mp4 (`remux`), or H.264 with 8-bit 4:2:0 pixels (`transcode`). The result holds the pictures only, no sound, and
 * stands beside the original (or in `outputFolder`) as `<name>.mp4`, or `<name>.normalised.mp4` where that name is taken by another file.
 * The result says which original it was made from, so a second run finds it and does nothing (`action: 'none'`), even
 * after the original was removed.
 *
 * @throws PipelineError VIDEO_NOT_FOUND, VIDEO_UNUSABLE, VIDEO_DAMAGED, NAME_TAKEN, DISK_FULL, FFMPEG_KILLED,
 *   TOOL_MISSING, TOOL_TOO_OLD, TOOL_INCOMPLETE; the signal's reason after an abort
 */
export async function normaliseVideo(file: string, options: NormaliseOptions = {}): Promise<Result> {
  const { signal } = options;
  const original = path.resolve(file);
  const origin = await originOf(original);
  const target = await findTarget(original, origin, options);
  if (!target.done) {
    const { probe, details } = await inspectVideo(original, signal);
    assertUsable(probe);
    const action = planNormalisation(probe, details);
    if (action === 'none') return { file: original, action };
    await mkdir(path.dirname(target.file), { recursive: true });
    const done = await convert(probe, details, action, target.file, origin.tag, options);
    if (options.removeOriginal === true) await rm(original, { force: true });
    return { file: target.file, action: done };
  }
  // The earlier run may have been killed between putting the result in place and removing the original.
  if (options.removeOriginal === true) await rm(original, { force: true });
  return { file: target.file, action: 'none' };
}

interface Origin {
  /** Written into the result. */
  tag: string;
  exists: boolean;
}

const tagPrefix = 'frameloop: from';

async function originOf(original: string): Promise<Origin> {
  const name = `${tagPrefix} ${path.basename(original)}`;
  try {
    return { tag: `${name}, ${(await stat(original)).size} bytes`, exists: true };
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return { tag: `${name},`, exists: false };
  }
}

/** The name for the result, and whether the result of this very original is already there. */
async function findTarget(
  original: string,
  origin: Origin,
  { outputFolder, outputName, signal }: NormaliseOptions,
): Promise<{ file: string; done: boolean }> {
  const { dir: beside, name: ownName, base } = path.parse(original);
  const dir = outputFolder ?? beside;
  const name = outputName ?? ownName;
  const names = [`${name}.mp4`, `${name}.normalised.mp4`, `${base}.normalised.mp4`];
  let free: string | undefined;
  for (const candidate of names.map((each) => path.join(dir, each)).filter((each) => each !== original)) {
    const tag = await tagOf(candidate, signal);
    if (tag === undefined) free ??= candidate;
    else if (origin.exists ? tag === origin.tag : tag.startsWith(origin.tag)) return { file: candidate, done: true };
  }
  if (free !== undefined || !origin.exists) return { file: free ?? original, done: false };
  throw new PipelineError('NAME_TAKEN', `There is no free name beside ${original} for its normalised form.`, {
    hint: `Move one of ${names.join(', ')} elsewhere.`,
  });
}

/** The comment in a file, or undefined if there is no file. */
async function tagOf(file: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return (await inspectVideo(file, signal)).details.comment;
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'VIDEO_NOT_FOUND') return undefined;
    throw error;
  }
}

async function convert(
  probe: VideoProbe,
  details: ProbeDetails,
  action: 'remux' | 'transcode',
  target: string,
  tag: string,
  options: NormaliseOptions,
): Promise<NormaliseAction> {
  const temporary = temporaryName(target);
  try {
    await runFfmpeg(probe, action === 'remux' ? copyArguments(probe) : await encodeArguments(details), {
      details,
      temporary,
      tag,
      options,
    });
    const result = await inspectVideo(temporary, options.signal);
    if (!result.probe.usable) {
      throw new PipelineError(
        'VIDEO_DAMAGED',
        `The ${action} of ${probe.file} gave no usable video: ${result.probe.reasons.join('; ')}.`,
        { hint: 'The file is probably cut off or damaged: fetch it again or leave it out.' },
      );
    }
    await commitFile(temporary, target);
    return action;
  } catch (error) {
    // Some streams cannot be copied: their container kept no times for them, or .mp4 has no place for the codec.
    const copyFailed = action === 'remux' && error instanceof PipelineError && error.code === 'VIDEO_DAMAGED';
    if (!copyFailed) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return convert(probe, details, 'transcode', target, tag, options);
}

/** hvc1: the mark for HEVC in .mp4 that players of all makers know. */
function copyArguments(probe: VideoProbe): string[] {
  return ['-c', 'copy', ...(probe.codec === 'hevc' ? ['-tag:v', 'hvc1'] : [])];
}

async function encodeArguments(details: ProbeDetails): Promise<string[]> {
  const filters = [
    ...(details.interlaced ? ['yadif=deint=interlaced'] : []),
    // 4:2:0 H.264 needs even sizes; one row or column less is better than an invented one.
    'crop=trunc(iw/2)*2:trunc(ih/2)*2',
    // Full-range pictures (yuvj420p) become limited-range ones with the same look.
    'scale=out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int+bitexact',
    'format=yuv420p',
  ];
  // crf 18 is visually lossless; veryfast costs some size and no quality that matters here. A keyframe every 2 s at
  // 25-30 fps makes seeking cheap. 1/90000 s keeps the times of variable frame rates, which 1/fps would round.
  const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-g', '60', '-color_range', 'tv'];
  return ['-vf', filters.join(','), ...(await passthroughArguments()), ...encoder, '-enc_time_base', '1:90000'];
}

async function runFfmpeg(
  probe: VideoProbe,
  codecArguments: string[],
  job: { details: ProbeDetails; temporary: string; tag: string; options: NormaliseOptions },
): Promise<void> {
  const { signal, onProgress } = job.options;
  const ffmpeg = await findTool('ffmpeg');
  const child = execa(
    ...confine(ffmpeg.path, [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+error', '-progress', 'pipe:1'],
      ...[...inputArguments(probe.file), '-map', `0:${job.details.streamIndex}`],
      ...[...codecArguments, '-map_metadata', '-1', '-metadata', `comment=${job.tag}`, '-flags', '+bitexact'],
      ...['-fflags', '+bitexact', '-movflags', '+faststart', '-y', `file:${job.temporary}`],
    ]),
    { ...ffmpegOptions(signal), reject: false, buffer: false },
  );
  const complaints = collectComplaints(child.stderr);
  for await (const line of child) {
    const time = /^out_time_us=(\d+)$/.exec(line)?.[1];
    if (time !== undefined) onProgress?.(Math.min(1, Number(time) / 1e6 / probe.duration));
  }
  const result = await child;
  signal?.throwIfAborted();
  if (result.failed || ranOutOfMemory(complaints)) throw ffmpegError(probe.file, 'format fix', result, complaints);
  onProgress?.(1);
}
