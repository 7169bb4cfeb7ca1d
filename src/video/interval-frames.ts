import { planRuns, type GridRun } from './decode-plan.js';
import { atPositions } from './expression.js';
import { inLanes } from './lanes.js';
import type { PacketIndex } from './packet-index.js';
import { gridIndex, selectGrid, timeTolerance, type SamplingGrid } from './sampling-grid.js';
import { brightnessOf, sharpness } from './sharpness.js';
import { unneededFrames } from './unneeded-frames.js';
import type { TimedFrame, VideoReader } from './video-reader.js';

/** From so many groups of pictures between two wanted times on, each is sought by itself, without knowing keyframes. */
const gapsPerInterval = 4;

/** Frames that are sought one by one take very different times: with more lanes than cores none of these is idle. */
function lanesFor(reader: VideoReader, grid: SamplingGrid): number {
  return farApart(reader, grid) ? 2 * reader.lanes : reader.lanes;
}

/** Whether the wanted times lie so far apart that no two of them share a group of pictures, as far as was seen. */
export function farApart(reader: VideoReader, grid: SamplingGrid): boolean {
  return reader.seekable && grid.everySeconds >= gapsPerInterval * reader.keyframeGap;
}

/** The k after that of the last wanted time k·N at or before the end of the grid or `lastSeconds`. */
export function endIndex(grid: SamplingGrid, lastSeconds: number): number {
  const afterLast = Math.floor((lastSeconds + timeTolerance) / grid.everySeconds) + 1;
  return Math.min(afterLast, Math.ceil((grid.endSeconds - timeTolerance) / grid.everySeconds));
}

/**
 * The first frame at or after each wanted time. One that is the first for several (the rate varies, or N is short) comes
 * once. With `sharpestWithin` it is the sharpest of the frames up to so many seconds after the wanted time.
 */
export async function* intervalFrames(
  reader: VideoReader,
  grid: SamplingGrid,
  { sharpestWithin = 0, signal }: { sharpestWithin?: number; signal?: AbortSignal },
): AsyncGenerator<TimedFrame> {
  const { runs, index } = await planInterval(reader, grid, signal);
  const threads = runs.length > 1 ? 1 : undefined;
  const leaveOut = index !== undefined && sharpestWithin === 0 && (await reader.knowsReferences()) ? index : undefined;
  const parts = runs.map((run) => (laneSignal: AbortSignal) => {
    const frames = takeRun(reader, grid, run, { sharpestWithin, leaveOut, threads, signal: laneSignal });
    return sharpestWithin > 0 ? sharpestOfEach(frames, reader, grid, sharpestWithin) : frames;
  });
  let nextIndex = grid.firstIndex;
  for await (const frame of inLanes(parts, { lanes: lanesFor(reader, grid), ahead: reader.ahead, signal })) {
    // ffmpeg passes one frame too many where the picture's format changes midway: its filters start anew there. And runs
    // that were begun without knowing of each other may both find the frame after a long pause.
    const wanted = gridIndex(grid, frame.seconds);
    if (wanted < nextIndex || frame.seconds >= grid.endSeconds - timeTolerance) continue;
    nextIndex = wanted + 1;
    yield frame;
  }
}

async function planInterval(
  reader: VideoReader,
  grid: SamplingGrid,
  signal?: AbortSignal,
): Promise<{ runs: GridRun[]; index?: PacketIndex }> {
  const { firstIndex: fromIndex, everySeconds } = grid;
  if (farApart(reader, grid)) {
    const toIndex = endIndex(grid, reader.probe.duration - 2 * timeTolerance);
    const alone = (wanted: number): GridRun => ({ fromIndex: wanted, toIndex: wanted + 1 });
    return { runs: Array.from({ length: Math.max(0, toIndex - fromIndex) }, (_, offset) => alone(fromIndex + offset)) };
  }
  const index = await reader.packetIndex(signal);
  if (index === undefined) return { runs: [{ fromIndex, toIndex: Infinity }] };
  const toIndex = endIndex(grid, index.lastSeconds);
  return {
    runs: planRuns({ fromIndex, toIndex, everySeconds }, index.keyframes, reader.probe.fps, reader.cost),
    index,
  };
}

async function* takeRun(
  reader: VideoReader,
  grid: SamplingGrid,
  run: GridRun,
  options: { sharpestWithin: number; leaveOut?: PacketIndex; threads?: number; signal: AbortSignal },
): AsyncGenerator<TimedFrame> {
  const { everySeconds } = grid;
  const { sharpestWithin, leaveOut, threads, signal } = options;
  const { file, width, height } = reader.probe;
  const end = Math.min(run.toIndex * everySeconds, grid.endSeconds);
  const lastWanted = (run.toIndex - 1) * everySeconds;
  const frames = reader.decodeFrom(run.fromIndex * everySeconds, {
    ...{ width, height, threads, signal },
    drop: leaveOut === undefined ? undefined : atPositions(await unneededFrames(file, leaveOut, grid, run)),
    select: selectGrid(everySeconds, run.fromIndex, reader.start, sharpestWithin),
    frames: sharpestWithin === 0 && Number.isFinite(run.toIndex) ? run.toIndex - run.fromIndex : undefined,
    endSeconds: Number.isFinite(end) ? end : undefined,
  });
  let before = -Infinity;
  for await (const frame of frames) {
    const inLastWindow = before >= lastWanted - timeTolerance;
    if (sharpestWithin > 0 && inLastWindow && frame.seconds >= lastWanted + sharpestWithin - timeTolerance) return;
    before = frame.seconds;
    yield frame;
  }
}

/** Of the frames of each interval the sharpest, of those that lie near enough to its wanted time. */
async function* sharpestOfEach(
  frames: AsyncIterable<TimedFrame>,
  { probe: { width, height } }: VideoReader,
  grid: SamplingGrid,
  within: number,
): AsyncGenerator<TimedFrame> {
  let best: { frame: TimedFrame; index: number; sharpness: number } | undefined;
  for await (const frame of frames) {
    const index = gridIndex(grid, frame.seconds);
    const late = frame.seconds >= index * grid.everySeconds + within - timeTolerance;
    if (best?.index === index && late) continue;
    const candidate = { frame, index, sharpness: sharpness(brightnessOf(frame.pixels), width, height) };
    if (best !== undefined && best.index !== index) yield best.frame;
    if (best === undefined || best.index !== index || candidate.sharpness > best.sharpness) best = candidate;
  }
  if (best !== undefined) yield best.frame;
}
