import { PipelineError } from '../common/errors.js';
import { anyOf } from './expression.js';

/** Which frames of a video are wanted, in seconds from the start of its video stream. */
export interface GridOptions {
  /** N: the wanted times are k·N for k = 0, 1, 2 … */
  everySeconds: number;
  /** Wanted times before this are left out. The grid itself stays where it is. */
  skipStartSeconds?: number;
  /** Frames within this time before the end are left out. */
  skipEndSeconds?: number;
  /** Only wanted times greater than this, to go on where an earlier run stopped. */
  afterSeconds?: number;
}

/** The wanted times k·N, `firstIndex` ≤ k, and the last moment at which a frame may lie. */
export interface SamplingGrid {
  everySeconds: number;
  firstIndex: number;
  /** Infinity where the video's own end decides: the duration that a container states is not always true. */
  endSeconds: number;
}

/** Times are equal when they differ by less than FFmpeg's own unit for times, one microsecond. */
export const timeTolerance = 1e-6;

/** @throws PipelineError INVALID_SAMPLING */
export function samplingGrid(durationSeconds: number, options: GridOptions): SamplingGrid {
  const { everySeconds, skipStartSeconds = 0, skipEndSeconds = 0, afterSeconds } = options;
  if (!(everySeconds > 0 && Number.isFinite(everySeconds) && skipStartSeconds >= 0 && skipEndSeconds >= 0)) {
    throw new PipelineError(
      'INVALID_SAMPLING',
      `Frames cannot be taken every ${everySeconds} s without the first ${skipStartSeconds} s and the last ${skipEndSeconds} s.`,
      { hint: 'The interval must be more than 0, and what is skipped not less than 0.' },
    );
  }
  const afterSkip = Math.ceil((skipStartSeconds - timeTolerance) / everySeconds);
  const afterEarlierRun =
    afterSeconds === undefined ? 0 : Math.floor((afterSeconds + timeTolerance) / everySeconds) + 1;
  return {
    everySeconds,
    firstIndex: Math.max(0, afterSkip, afterEarlierRun),
    endSeconds: skipEndSeconds > 0 ? durationSeconds - skipEndSeconds : Infinity,
  };
}

/** The last wanted time that a frame at `seconds` can serve: the greatest k with k·N ≤ seconds. */
export function gridIndex(grid: SamplingGrid, seconds: number): number {
  return Math.floor((seconds + timeTolerance) / grid.everySeconds);
}

/**
 * An expression for FFmpeg's `select` filter that passes the first frame at or after each wanted time k·N with
 * `fromIndex` ≤ k: the first frame of all whose `floor(t/N)` is greater than that of the frame passed before.
 *
 * @param startSeconds time of the video's start on the clock of the file, which is `t` in the filter
 * @param neighbourSeconds passes the frames up to this time after a wanted time too
 */
export function selectGrid(
  everySeconds: number,
  fromIndex: number,
  startSeconds: number,
  neighbourSeconds: number,
): string {
  const every = decimal(everySeconds);
  const time = (variable: string): string => `(${variable}-${decimal(startSeconds - timeTolerance)})`;
  const index = (variable: string): string => `floor(${time(variable)}/${every})`;
  const first = `isnan(prev_selected_t)+gt(${index('t')},${index('prev_selected_t')})`;
  const near = `lt(${time('t')}-${every}*${index('t')},${decimal(neighbourSeconds)})`;
  return `gte(${index('t')},${fromIndex})*(${neighbourSeconds > 0 ? `${first}+${near}` : first})`;
}

/** An expression for the `select` filter that passes the frames at these times on the clock of the file. */
export function selectTimes(times: readonly number[]): string {
  return anyOf(times.map((time) => `between(t,${decimal(time - nearness)},${decimal(time + nearness)})`));
}

/** Half the time between the frames of any video is more, and the rounding of the times that ffprobe prints is less. */
const nearness = 2 * timeTolerance;

/** FFmpeg reads no exponents with a negative sign before them in every place; nine decimals are finer than any clock. */
function decimal(value: number): string {
  return value < 0 ? `(${value.toFixed(9)})` : value.toFixed(9);
}
