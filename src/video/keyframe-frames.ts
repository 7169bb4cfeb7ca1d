import { groupKeyframes, wantedKeyframes } from './decode-plan.js';
import { endIndex, farApart, lanesFor } from './interval-frames.js';
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
  for await (const frame of inLanes(parts, { lanes: lanesFor(reader, grid), ahead: reader.ahead, signal })) {
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
    return Array.from({ length: Math.max(0, toIndex - fromIndex) }, (_, offset) => (laneSignal) => {
      return keyframeBefore(reader, (fromIndex + offset) * everySeconds, laneSignal);
    });
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
