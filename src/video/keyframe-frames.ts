import { PipelineError } from '../common/errors.js';
import { groupKeyframes, wantedKeyframes } from './decode-plan.js';
import { endIndex, farApart } from './interval-frames.js';
import { inLanes, type Part } from './lanes.js';
import { selectTimes, timeTolerance, type SamplingGrid } from './sampling-grid.js';
import type { TimedFrame, VideoReader } from './video-reader.js';

/** Every frame that the decoder lets through. */
const selectAll = '1';

/**
 * For each wanted time the keyframe that is nearest to it and not later, each keyframe once: what can be had with the
 * least decoding. The distance to the wanted time is less than the time between keyframes.
 */
export async function* keyframeFrames(
  reader: VideoReader,
  grid: SamplingGrid,
  { signal }: { signal?: AbortSignal },
): AsyncGenerator<TimedFrame> {
  const parts = await planKeyframes(reader, grid, signal);
  let last = -Infinity;
  for await (const frame of inLanes(parts, { lanes: reader.lanes, ahead: reader.ahead, signal })) {
    // Parts that were begun without knowing of each other may find the same keyframe.
    if (frame.seconds <= last + timeTolerance) continue;
    last = frame.seconds;
    yield frame;
  }
}

async function planKeyframes(
  reader: VideoReader,
  grid: SamplingGrid,
  signal?: AbortSignal,
): Promise<Part<TimedFrame>[]> {
  const { firstIndex: fromIndex, everySeconds } = grid;
  const toIndex = endIndex(grid, reader.probe.duration - 2 * timeTolerance);
  if (farApart(reader, grid)) {
    const wanted = Array.from({ length: Math.max(0, toIndex - fromIndex) }, (_, i) => (fromIndex + i) * everySeconds);
    return chunked(wanted, reader).map((times) => (laneSignal) => keyframesBefore(reader, times, laneSignal));
  }
  const index = await reader.packetIndex(signal);
  if (index === undefined) return [(laneSignal) => passedKeyframes(reader, { ...grid, toIndex }, laneSignal)];
  const known = { fromIndex, toIndex: endIndex(grid, index.lastSeconds), everySeconds };
  const wanted = wantedKeyframes(known, index.keyframes);
  const groups = groupKeyframes(wanted, index.keyframes, reader.cost, reader.ahead);
  return groups.map((group) => (laneSignal) => keyframesOf(reader, group, laneSignal));
}

/** What every part decodes: keyframes only, in the size of the video, on one thread because keyframes have no order. */
function keyframeRequest({ probe: { width, height } }: VideoReader, signal: AbortSignal) {
  return { width, height, skip: 'nokey', threads: 1, signal } as const;
}

/** Times that one ffmpeg seeks: for every lane some, and no more than may wait for their turn. */
function chunked(times: readonly number[], { lanes, ahead }: VideoReader): number[][] {
  const size = Math.max(1, Math.min(ahead, Math.ceil(times.length / lanes)));
  return Array.from({ length: Math.ceil(times.length / size) }, (_, i) => times.slice(i * size, (i + 1) * size));
}

/** For each time the last keyframe at or before it. What is not found together is looked for by itself. */
async function* keyframesBefore(
  reader: VideoReader,
  times: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<TimedFrame> {
  const found = new Map<number, TimedFrame>();
  let next = 0;
  const until = async function* (end: number): AsyncGenerator<TimedFrame> {
    for (; next < end; next++) {
      const frame = found.get(next);
      found.delete(next);
      if (frame !== undefined) yield frame;
      else yield* keyframeBefore(reader, times[next] ?? 0, signal);
    }
  };
  try {
    for await (const { index, ...frame } of reader.seekKeyframes(times, signal)) {
      found.set(index, frame);
      yield* until(index);
    }
  } catch (error) {
    // Where one part of the file is damaged, the others may still be good.
    if (!(error instanceof PipelineError) || error.code !== 'VIDEO_DAMAGED') throw error;
  }
  yield* until(times.length);
}

/** The last keyframe at or before a time, found without knowing where keyframes are. */
async function* keyframeBefore(reader: VideoReader, seconds: number, signal: AbortSignal): AsyncGenerator<TimedFrame> {
  for (const margin of reader.margins) {
    // What ffmpeg finds at the time itself is the last one. Further back, all up to the time have to be seen.
    const frames = margin === 0 ? 1 : undefined;
    const part = { ...keyframeRequest(reader, signal), select: selectAll, frames };
    let nearest: TimedFrame | undefined;
    for await (const frame of reader.decode(seconds - margin, part)) {
      if (frame.seconds > seconds + timeTolerance) break;
      nearest = frame;
    }
    if (nearest === undefined) continue;
    yield nearest;
    return;
  }
}

/** The keyframes at known times. */
async function* keyframesOf(
  reader: VideoReader,
  group: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<TimedFrame> {
  yield* reader.decodeFrom(group[0] ?? 0, {
    ...keyframeRequest(reader, signal),
    select: selectTimes(group.map((seconds) => seconds + reader.start)),
    frames: group.length,
  });
}

/** One pass over all keyframes of a file without an index: each waits until the next one shows which times it serves. */
async function* passedKeyframes(
  reader: VideoReader,
  { firstIndex, toIndex, everySeconds }: SamplingGrid & { toIndex: number },
  signal: AbortSignal,
): AsyncGenerator<TimedFrame> {
  let before: TimedFrame | undefined;
  let nextIndex = firstIndex;
  /** Whether there is a wanted time from that of `nextIndex` to that of `until`, which is the next one from then on. */
  const serves = (until: number): boolean => {
    const from = nextIndex;
    nextIndex = Math.max(from, Math.min(until, toIndex));
    return nextIndex > from;
  };
  const frames = reader.decode(0, { ...keyframeRequest(reader, signal), threads: undefined, select: selectAll });
  for await (const frame of frames) {
    if (serves(Math.ceil((frame.seconds - timeTolerance) / everySeconds)) && before !== undefined) yield before;
    before = frame;
  }
  if (serves(Infinity) && before !== undefined) yield before;
}
