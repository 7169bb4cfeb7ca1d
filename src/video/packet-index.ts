import { execa } from 'execa';
import { confine, findTool } from '../tools/index.js';
import { collectComplaints, ffmpegOptions, inputArguments, saysCutOff } from './ffmpeg.js';
import type { ProbeDetails } from './probe-document.js';

/** What a container tells of its frames without decoding any. Times from the start of the video. */
export interface PacketIndex {
  /** Where decoding can begin; ascending. */
  keyframes: number[];
  /** For each keyframe, its place in `seconds` and `positions`. */
  keyframePlaces: number[];
  /** Of each frame in the order of decoding: its time … */
  seconds: number[];
  /** … and where its data begins in the file. NaN where unknown. */
  positions: number[];
  /** Time of the last frame. */
  lastSeconds: number;
}

/**
 * Reads the index of a file by one pass over its packets: a second or two for an hour of video, where decoding takes
 * minutes. `undefined` if the file cannot be read to its end or keeps no times: then only decoding tells what is there.
 *
 * @throws the signal's reason after an abort; PipelineError TOOL_MISSING, TOOL_TOO_OLD
 */
export async function readPacketIndex(
  file: string,
  details: Pick<ProbeDetails, 'streamIndex' | 'exactStartTime'>,
  signal?: AbortSignal,
): Promise<PacketIndex | undefined> {
  const ffprobe = await findTool('ffprobe');
  const entries = ['-select_streams', String(details.streamIndex), '-show_entries', 'packet=pts_time,pos,flags'];
  const printing = ['-loglevel', 'level+error', '-of', 'csv=p=0', ...entries];
  const child = execa(...confine(ffprobe.path, [...printing, ...inputArguments(file)]), {
    ...ffmpegOptions(signal),
    buffer: false,
    reject: false,
  });
  const complaints = collectComplaints(child.stderr);
  const index: PacketIndex = {
    ...{ keyframes: [], keyframePlaces: [], seconds: [], positions: [] },
    lastSeconds: -Infinity,
  };
  let ordered = true;
  for await (const line of child) {
    const [time = '', position = '', flags = ''] = line.split(',');
    const seconds = Number(time) - details.exactStartTime;
    // Frames without a time, or keyframes out of order: nothing can be planned.
    if (Number.isNaN(seconds)) ordered = false;
    if (flags.startsWith('K')) {
      if (seconds < (index.keyframes.at(-1) ?? -Infinity)) ordered = false;
      index.keyframes.push(seconds);
      index.keyframePlaces.push(index.seconds.length);
    }
    // "D": outside of an edit list, decoded but never shown.
    const hidden = flags.includes('D');
    if (!hidden && seconds > index.lastSeconds) index.lastSeconds = seconds;
    index.seconds.push(hidden ? -Infinity : seconds);
    index.positions.push(Number(position));
  }
  const { failed } = await child;
  signal?.throwIfAborted();
  const useless = failed || saysCutOff(complaints) || !ordered || index.keyframes.length === 0;
  return useless ? undefined : index;
}
