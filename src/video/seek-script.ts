/**
 * Several moments of one file as one input of ffmpeg, for its concat demuxer: starting an ffmpeg for each of them would
 * take longer than decoding what is there.
 */

/** Microseconds between two moments on the clock of the whole: longer than any video. */
const spacing = 10n ** 12n;

/** From the keyframe before each moment on, as far as the moment itself; in microseconds, so that it is included. */
const beyond = 1000n;

/** @param moments seconds on the clock of the file */
export function seekScript(file: string, moments: readonly number[]): string {
  const quoted = `'file:${file.replaceAll("'", String.raw`'\''`)}'`;
  const parts = moments.map((seconds) => {
    const moment = microseconds(seconds);
    return `file ${quoted}\ninpoint ${moment}us\noutpoint ${moment + beyond}us\nduration ${spacing}us\n`;
  });
  return ['ffconcat version 1.0\n', ...parts].join('');
}

/** A script is read line by line. */
export function fitsSeekScript(file: string): boolean {
  return !/[\r\n]/.test(file);
}

/** Where a picture is from. */
export interface SeekPosition {
  /** Index of the moment that it was found for. */
  index: number;
  /** Its time on the clock of the file, in units of the stream's time base. */
  ticks: number;
}

/**
 * From the clock of the whole to that of the file. The demuxer moves all times of a part by the same number of ticks,
 * which is rounded once (`av_rescale_q`: to the nearest, halves away from zero).
 *
 * @param unit one tick in seconds, as a fraction
 */
export function seekPosition(
  ticks: number,
  moments: readonly number[],
  [numerator, denominator]: readonly [number, number],
): SeekPosition {
  const [seconds, perSecond] = [BigInt(numerator), BigInt(denominator)];
  const parts = (ticks * numerator) / denominator / Number(spacing / 1_000_000n);
  const index = Math.max(0, Math.round(parts));
  const moved = BigInt(index) * spacing - microseconds(moments[index] ?? 0);
  return { index, ticks: ticks - Number(rounded(moved * perSecond, 1_000_000n * seconds)) };
}

function microseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e6));
}

function rounded(dividend: bigint, divisor: bigint): bigint {
  const half = dividend < 0n ? -divisor : divisor;
  return (2n * dividend + half) / (2n * divisor);
}
