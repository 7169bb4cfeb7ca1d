import type { RgbImage } from '../common/types.js';
import { blankDeviation, brightnessDeviation } from './blank.js';
import { brightnessOf, sharpness } from './sharpness.js';

/** What is kept of a small picture of the video, to compare it with others. */
export interface FrameFeatures {
  seconds: number;
  /** Hue, saturation and value of each pixel, plane by plane, 0..255 (hue 0..179, as OpenCV has it). */
  hsv: Uint8Array;
  /**
   * Share of the pixels in each of 8 hues x 4 saturations x 4 values, these relative to the mean value: a fade changes
   * neither.
   */
  histogram: Float64Array;
  sharpness: number;
  /** Plain: amid a fade, or black. */
  blank: boolean;
}

/** One shot: what one camera showed without interruption. */
export interface Shot {
  startSeconds: number;
  endSeconds: number;
  /** Its sharpest frame. */
  sharpestSeconds: number;
}

export interface ShotOptions {
  /** Least change of a cut, in mean steps of hue, saturation and value, 0..255. */
  threshold: number;
}

/** A cut changes this many times more than the frames around it do: what a moving camera changes, it changes in all. */
const cutRatio = 3;

/** Frames before and after that a change is compared with. */
const cutWindow = 2;

/** Shorter shots join the one before: flashes and splices of single frames. */
const shortestShotSeconds = 0.6;

/** Time within which a gradual transition is over. */
const transitionSeconds = 1;

/** Share of the pixels that change their colour in a gradual transition at the threshold of 15. A pan changes fewer. */
const transitionShare = 0.4;

/** A transition is over when the colours of fewer pixels change within a fifth of a second. */
const steadySeconds = 0.2;
const steadyShare = 0.08;

/**
 * Finds the shots of a video from its frames in order of time.
 *
 * Cuts: the mean change of hue, saturation and value from frame to frame, where it is high and stands out from that of
 * the frames around it (PySceneDetect, `AdaptiveDetector`). Fades: between two shots lie plain frames (R. Lienhart,
 * "Comparison of automatic shot boundary detection algorithms", SPIE 1999, section 3). Dissolves: the colours
 * have become others within a second, although no two frames in a row differ much (the twin comparison of Zhang,
 * Kankanhalli and Smoliar, "Automatic partitioning of full-motion video", 1993).
 */
export class ShotDetector {
  private readonly shots: Shot[] = [];
  /** The last frames with their change from the one before: a cut is seen only when the frames after it are known. */
  private readonly recent: { frame: FrameFeatures; change: number }[] = [];
  /** Frames of the shot in work within the last second. */
  private readonly lately: FrameFeatures[] = [];
  /** Amid a gradual transition: frames belong to neither shot. */
  private turning = false;
  private current?: Shot & { sharpness: number };
  private before?: FrameFeatures;

  constructor(private readonly options: ShotOptions) {}

  add(frame: FrameFeatures): void {
    const change = this.before === undefined ? 0 : meanChange(this.before.hsv, frame.hsv);
    this.before = frame;
    this.recent.push({ frame, change });
    if (this.recent.length > 2 * cutWindow + 1) this.recent.shift();
    if (this.recent.length > cutWindow) this.decide(this.recent.length - 1 - cutWindow);
  }

  /** The shots, when all frames were added. */
  finish(): Shot[] {
    for (let at = Math.max(0, this.recent.length - cutWindow); at < this.recent.length; at++) this.decide(at);
    this.close();
    return this.shots;
  }

  /** Decides to which shot the frame at this place of `recent` belongs. */
  private decide(at: number): void {
    const entry = this.recent[at];
    if (entry === undefined) return;
    const { frame, change } = entry;
    if (frame.blank) {
      this.close();
      return;
    }
    const started = this.current?.startSeconds ?? frame.seconds;
    if (frame.seconds - started >= shortestShotSeconds && this.isCut(at, change)) this.close();
    this.lately.push(frame);
    while ((this.lately[0]?.seconds ?? Infinity) < frame.seconds - transitionSeconds) this.lately.shift();
    this.turning ||= frame.seconds - started >= shortestShotSeconds && this.hasTurned(frame);
    if (this.turning) {
      if (!this.isSteady(frame)) return;
      this.close();
      this.lately.push(frame);
    }
    this.extend(frame);
  }

  private isCut(at: number, change: number): boolean {
    if (change < this.options.threshold) return false;
    const around = this.recent.slice(Math.max(0, at - cutWindow), at + cutWindow + 1).map((entry) => entry.change);
    const others = around.reduce((sum, each) => sum + each, 0) - change;
    return change >= (cutRatio * others) / Math.max(1, around.length - 1);
  }

  /** Whether the colours are others than a second ago. */
  private hasTurned({ histogram }: FrameFeatures): boolean {
    const least = (transitionShare * this.options.threshold) / 15;
    return movedShare(this.lately[0]?.histogram ?? histogram, histogram) >= least;
  }

  private isSteady({ seconds, histogram }: FrameFeatures): boolean {
    const before = this.lately.find((earlier) => earlier.seconds >= seconds - steadySeconds);
    return movedShare(before?.histogram ?? histogram, histogram) < steadyShare;
  }

  private extend(frame: FrameFeatures): void {
    if (this.current === undefined) {
      const { seconds } = frame;
      this.current = {
        startSeconds: seconds,
        endSeconds: seconds,
        sharpestSeconds: seconds,
        sharpness: frame.sharpness,
      };
      return;
    }
    this.current.endSeconds = frame.seconds;
    if (frame.sharpness <= this.current.sharpness) return;
    this.current.sharpness = frame.sharpness;
    this.current.sharpestSeconds = frame.seconds;
  }

  private close(): void {
    this.lately.length = 0;
    this.turning = false;
    if (this.current === undefined) return;
    const { startSeconds, endSeconds, sharpestSeconds } = this.current;
    this.shots.push({ startSeconds, endSeconds, sharpestSeconds });
    this.current = undefined;
  }
}

/** Measures a small picture of the video. */
export function featuresOf(seconds: number, picture: RgbImage): FrameFeatures {
  const { data, width, height } = picture;
  const pixels = width * height;
  const hsv = new Uint8Array(3 * pixels);
  let valueSum = 0;
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += 3) {
    const red = data[at]!;
    const green = data[at + 1]!;
    const blue = data[at + 2]!;
    const value = Math.max(red, green, blue);
    const chroma = value - Math.min(red, green, blue);
    const hue = hueOf(red, green, blue, value, chroma);
    const saturation = value === 0 ? 0 : Math.round((255 * chroma) / value);
    hsv[pixel] = hue;
    hsv[pixels + pixel] = saturation;
    hsv[2 * pixels + pixel] = value;
    valueSum += value;
  }
  return {
    seconds,
    hsv,
    histogram: colourHistogram(hsv, valueSum / pixels),
    sharpness: sharpness(brightnessOf(data), width, height),
    blank: brightnessDeviation(picture) < blankDeviation,
  };
}

function colourHistogram(hsv: Uint8Array, meanValue: number): Float64Array {
  const pixels = hsv.length / 3;
  const histogram = new Float64Array(8 * 4 * 4);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const saturation = hsv[pixels + pixel]!;
    // The hue of a grey pixel is an accident.
    const hue = saturation < 32 ? 0 : Math.floor((hsv[pixel]! * 8) / 180);
    const value = Math.min(3, Math.floor((2 * hsv[2 * pixels + pixel]!) / Math.max(1, meanValue)));
    histogram[hue * 16 + (saturation >> 6) * 4 + value]! += 1 / pixels;
  }
  return histogram;
}

/** 0..179: half the usual degrees, to fit a byte. */
function hueOf(red: number, green: number, blue: number, value: number, chroma: number): number {
  if (chroma === 0) return 0;
  const sextant =
    value === red ? (green - blue) / chroma : value === green ? 2 + (blue - red) / chroma : 4 + (red - green) / chroma;
  return Math.round(30 * (sextant < 0 ? sextant + 6 : sextant)) % 180;
}

/** Mean absolute difference of hue, saturation and value. */
function meanChange(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += Math.abs(a[at]! - b[at]!);
  return sum / a.length;
}

/** Half the sum of the differences of two distributions: the share that would have to move to make them equal, 0..1. */
function movedShare(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let bin = 0; bin < a.length; bin++) sum += Math.abs(a[bin]! - b[bin]!);
  return sum / 2;
}
