import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PipelineError } from '../common/errors.js';
import { findTool, killDelayMs, knowsFpsMode, programEnvironment, programMemory } from '../tools/index.js';

/**
 * How ffmpeg and ffprobe are told to read `file`: as a local file whatever its name looks like, and a playlist inside
 * must not make them open anything on the network.
 */
export function inputArguments(file: string): string[] {
  return ['-protocol_whitelist', 'file', '-i', `file:${file}`];
}

/**
 * Builds of ffprobe that are linked statically crash in the C library when they load its character set modules, which
 * they do for the names of programmes in .ts files. With none to load they leave the names as they are.
 */
const ffprobeEnvironment = { GCONV_PATH: devNull };

/** How every ffmpeg and ffprobe is started: nothing to read, little of our environment, an end that we can force. */
export function ffmpegOptions(signal?: AbortSignal) {
  return {
    stdin: 'ignore',
    env: { ...programEnvironment(), ...ffprobeEnvironment },
    extendEnv: false,
    cancelSignal: signal,
    forceKillAfterDelay: killDelayMs,
  } as const;
}

/** Frames leave with the times with which they came: none is doubled or dropped to keep a rate. */
export async function passthroughArguments(): Promise<string[]> {
  const { version } = await findTool('ffmpeg');
  return [knowsFpsMode(version) ? '-fps_mode' : '-vsync', 'passthrough'];
}

/** Whether this ffmpeg filters packets before it decodes them (`-bsf` as an input option): it came with 7.0. */
export async function filtersPackets(): Promise<boolean> {
  const { version } = await findTool('ffmpeg');
  return Number(/^n?(\d+)\./.exec(version)?.[1]) >= 7;
}

/** Complaints kept for the error message: a damaged file can produce one per frame, for hours. */
const keptComplaints = 50;

/**
 * Reads ffmpeg's log (`-loglevel level+…`) as it comes, because a full pipe would stop ffmpeg. The array that is
 * returned fills with the complaints; `onLine` gets every line and `onEnd` tells that there are no more.
 */
export function collectComplaints(stderr: Readable, onLine?: (line: string) => void, onEnd?: () => void): string[] {
  const complaints: string[] = [];
  const lines = createInterface({ input: stderr });
  lines.on('line', (line) => {
    if (/\[(error|fatal|panic)\]/.test(line) && complaints.length < keptComplaints) complaints.push(line);
    onLine?.(line);
  });
  if (onEnd !== undefined) lines.on('close', onEnd);
  return complaints;
}

const outOfMemory = /Cannot allocate memory|Out of memory/i;

/** Whether ffmpeg got less memory than it wanted. It may end well all the same, with less than all of the video. */
export function ranOutOfMemory(complaints: readonly string[]): boolean {
  return complaints.some((line) => outOfMemory.test(line));
}

/** Whether not all was read: the file ended before its index said so, or memory. ffmpeg takes both for ordinary ends. */
export function saysCutOff(complaints: readonly string[]): boolean {
  return complaints.some((line) => /partial file|ended prematurely/.test(line)) || ranOutOfMemory(complaints);
}

/** The error for an ffmpeg that did not end well, from what it wrote to standard error. */
export function ffmpegError(
  file: string,
  step: string,
  failure: { signal?: string },
  complaints: readonly string[],
): PipelineError {
  const text = complaints.join('\n');
  if (/No space left on device/.test(text)) {
    return new PipelineError('DISK_FULL', `The disk is full: ${step} of ${file} stopped.`, {
      hint: 'Free some space and try again.',
      retryable: true,
      cause: failure,
    });
  }
  if (ranOutOfMemory(complaints)) {
    const allowed = Math.round(programMemory() / 1024 ** 2);
    return new PipelineError(
      'PROGRAM_MEMORY',
      `ffmpeg needs more than ${allowed} MB of memory for ${step} of ${file}.`,
      {
        hint: 'The file may be made to do so. If you trust it, raise FRAMELOOP_PROGRAM_MEMORY_MB.',
        cause: failure,
      },
    );
  }
  if (/Unknown encoder/.test(text)) {
    return new PipelineError(
      'TOOL_INCOMPLETE',
      `This ffmpeg has no H.264 encoder: ${step} of ${file} is not possible.`,
      {
        hint: 'Run "npm run setup", or set FFMPEG_PATH to an ffmpeg with libx264.',
        cause: failure,
      },
    );
  }
  if (failure.signal !== undefined) {
    return new PipelineError('FFMPEG_KILLED', `ffmpeg was killed (${failure.signal}) during ${step} of ${file}.`, {
      hint: 'Often the system had no memory left: lower concurrency.videos.',
      retryable: true,
      cause: failure,
    });
  }
  return new PipelineError('VIDEO_DAMAGED', `ffmpeg failed at ${step} of ${file}: ${reasonIn(complaints, file)}`, {
    hint: 'The file is probably cut off or damaged: fetch it again or leave it out.',
    cause: failure,
  });
}

/** The first complaint, without the log prefix and without the path, which the message names already. */
function reasonIn(lines: readonly string[], file: string): string {
  return (lines[0] ?? 'no reason given')
    .replaceAll(/\[[^\]]*\] ?/g, '')
    .replaceAll(`file:${file}`, 'file')
    .trim();
}
