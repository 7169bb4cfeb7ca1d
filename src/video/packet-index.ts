import { execa } from 'execa';
import { findTool, killDelayMs } from '../tools/index.js';
import { collectComplaints, ffprobeEnvironment, inputArguments, saysCutOff } from './ffmpeg.js';
import type { ProbeDetails } from './probe-document.js';

/** Where decoding can begin, as the container tells without decoding anything. Times from the start of the video. */
export interface KeyframeIndex {
  /** Ascending. */
  keyframes: number[];
  /** Time of the last frame. */
  lastSeconds: number;
}

/**
 * Reads the index of a file by one pass over its packets: about a second for an hour of video, where decoding takes
 * minutes. `undefined` if the file cannot be read to its end or keeps no times: then only decoding tells what is there.
 *
 * @throws the signal's reason after an abort; PipelineError TOOL_MISSING, TOOL_TOO_OLD
 */
export async function readKeyframeIndex(
  file: string,
  details: Pick<ProbeDetails, 'streamIndex' | 'exactStartTime'>,
  signal?: AbortSignal,
): Promise<KeyframeIndex | undefined> {
  const ffprobe = await findTool('ffprobe');
  const entries = ['-select_streams', String(details.streamIndex), '-show_entries', 'packet=pts_time,flags'];
  const printing = ['-loglevel', 'level+error', '-of', 'csv=p=0', ...entries];
  const child = execa(ffprobe.path, [...printing, ...inputArguments(file)], {
    stdin: 'ignore',
    env: ffprobeEnvironment,
    buffer: false,
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: killDelayMs,
  });
  const complaints = collectComplaints(child.stderr);
  const keyframes: number[] = [];
  let lastSeconds = -Infinity;
  let timeless = false;
  for await (const line of child) {
    const [time = '', flags = ''] = line.split(',');
    const seconds = Number(time) - details.exactStartTime;
    if (Number.isNaN(seconds)) timeless = true;
    // "D": before the start of an edit list, decoded but never shown.
    if (!flags.includes('D') && seconds > lastSeconds) lastSeconds = seconds;
    if (flags.startsWith('K')) keyframes.push(seconds);
  }
  const { failed } = await child;
  signal?.throwIfAborted();
  if (failed || saysCutOff(complaints) || timeless || keyframes.length === 0) return undefined;
  return { keyframes: keyframes.sort((a, b) => a - b), lastSeconds };
}
