import { inLanes, type Part } from './lanes.js';
import { selectTimes, timeTolerance } from './sampling-grid.js';
import { featuresOf, ShotDetector, type Shot } from './shots.js';
import type { TimedFrame, VideoReader } from './video-reader.js';

/** Longest side of the pictures in which shots are looked for: enough to see that a picture is another, or blurred. */
const thumbnailSide = 160;

/** Times that one ffmpeg is told at most: more make its command line too long for some systems. */
const timesAtOnce = 500;

export interface SceneOptions {
  threshold: number;
  fromSeconds: number;
  endSeconds: number;
  signal?: AbortSignal;
}

/** The sharpest frame of each shot. All shots are looked for before the first frame is taken. */
export async function* sceneFrames(reader: VideoReader, options: SceneOptions): AsyncGenerator<TimedFrame> {
  const { signal } = options;
  const times = (await findShots(reader, options)).map((shot) => shot.sharpestSeconds);
  const { width, height } = reader.probe;
  const take = (group: readonly number[], threads?: number): Part<TimedFrame> => {
    const select = selectTimes(group.map((seconds) => seconds + reader.start));
    return (laneSignal) =>
      reader.decodeFrom(group[0] ?? 0, { width, height, select, frames: group.length, threads, signal: laneSignal });
  };
  const parts: Part<TimedFrame>[] = [];
  const size = reader.seekable ? 1 : timesAtOnce;
  for (let at = 0; at < times.length; at += size) {
    parts.push(take(times.slice(at, at + size), reader.seekable ? 1 : undefined));
  }
  yield* inLanes(parts, { lanes: reader.lanes, ahead: reader.ahead, signal });
}

/**
 * One pass in small pictures, without the frames that no other one refers to: those are half of most videos, and the
 * others show as well where a shot ends, within a tenth of a second.
 */
async function findShots(reader: VideoReader, options: SceneOptions): Promise<Shot[]> {
  const { width, height } = reader.probe;
  const scale = Math.min(1, thumbnailSide / Math.max(width, height));
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const detector = new ShotDetector({ threshold: options.threshold });
  const endSeconds = Number.isFinite(options.endSeconds) ? options.endSeconds : undefined;
  const from = options.fromSeconds + reader.start - timeTolerance;
  const select = `gte(t,${from.toFixed(6)})`;
  const part = { ...size, scaling: 'area', skip: 'noref', select, endSeconds, signal: options.signal } as const;
  for await (const { seconds, pixels } of reader.decodeFrom(options.fromSeconds, part)) {
    detector.add(featuresOf(seconds, { ...size, data: pixels }));
  }
  return detector.finish();
}
