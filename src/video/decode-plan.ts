import { timeTolerance } from './sampling-grid.js';

/** What decoding a video costs, in seconds of one processor core. Only the ratios matter. */
export interface DecodeCost {
  /** One frame. */
  frame: number;
  /** Starting ffmpeg and finding a position. */
  start: number;
}

/** The wanted times k·N with `fromIndex` ≤ k < `toIndex`, which one ffmpeg takes in one go. */
export interface GridRun {
  fromIndex: number;
  toIndex: number;
}

/**
 * 4 ms for a frame of 1280x720 (H.264, 2.5 Mb/s; other codecs are within a factor of two), and a start of ffmpeg for
 * 60 ms: measured on a core of 2 to 3 GHz. Both get faster together, so that the ratio stays.
 */
export function decodeCost({ width, height }: { width: number; height: number }): DecodeCost {
  return { frame: (0.004 * width * height) / (1280 * 720), start: 0.06 };
}

/** A run of this cost hides the start of the next one; longer ones only keep the second lane from working. */
const longRun = 1;

/**
 * Deals the wanted times into runs, so that as little as possible is decoded for nothing: a run ends where jumping to the
 * keyframe before the next wanted time costs less than decoding all that lies between, or hardly more and the run is
 * long, since runs are made in parallel.
 *
 * @param keyframes ascending, seconds from the start of the video
 * @param grid wanted times k·`everySeconds` with `fromIndex` ≤ k < `toIndex`
 */
export function planRuns(
  grid: GridRun & { everySeconds: number },
  keyframes: readonly number[],
  fps: number,
  cost: DecodeCost,
): GridRun[] {
  const runs: GridRun[] = [];
  const perSecond = Math.max(fps, 1) * cost.frame;
  let run: GridRun | undefined;
  let runCost = 0;
  for (let index = grid.fromIndex, key = 0; index < grid.toIndex; index++) {
    const wanted = index * grid.everySeconds;
    while ((keyframes[key + 1] ?? Infinity) <= wanted + timeTolerance) key++;
    const jump = cost.start + Math.max(0, wanted - (keyframes[key] ?? 0)) * perSecond;
    const readOn = grid.everySeconds * perSecond;
    if (run === undefined || jump <= readOn || (runCost >= longRun && jump - readOn <= runCost / 20)) {
      run = { fromIndex: index, toIndex: index + 1 };
      runs.push(run);
      runCost = jump;
    } else {
      run.toIndex = index + 1;
      runCost += readOn;
    }
  }
  return runs;
}

/**
 * The keyframes that serve the wanted times: for each the last one not later than it, each keyframe once.
 *
 * @param keyframes ascending, seconds from the start of the video
 */
export function wantedKeyframes(grid: GridRun & { everySeconds: number }, keyframes: readonly number[]): number[] {
  const wanted: number[] = [];
  for (let index = grid.fromIndex, key = -1; index < grid.toIndex; index++) {
    const before = key;
    while ((keyframes[key + 1] ?? Infinity) <= index * grid.everySeconds + timeTolerance) key++;
    const keyframe = keyframes[key];
    if (keyframe !== undefined && key > before) wanted.push(keyframe);
  }
  return wanted;
}

/**
 * Deals the wanted keyframes into groups that one ffmpeg takes in one pass over the keyframes between: where jumping to
 * a keyframe costs more than decoding the unwanted ones before it, it joins the group.
 *
 * @param largestGroup keyframes of a group at most
 */
export function groupKeyframes(
  wanted: readonly number[],
  keyframes: readonly number[],
  cost: DecodeCost,
  largestGroup: number,
): number[][] {
  // A keyframe holds a whole picture: three times the data of others, and of the work.
  const perKeyframe = 3 * cost.frame;
  const groups: number[][] = [];
  let key = 0;
  let keyOfLast = 0;
  for (const seconds of wanted) {
    while ((keyframes[key] ?? Infinity) < seconds) key++;
    const group = groups.at(-1);
    const readOn = (key - keyOfLast) * perKeyframe;
    if (group !== undefined && group.length < largestGroup && readOn <= cost.start + perKeyframe) group.push(seconds);
    else groups.push([seconds]);
    keyOfLast = key;
  }
  return groups;
}
