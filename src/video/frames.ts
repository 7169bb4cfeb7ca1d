import path from 'node:path';
import sharp from 'sharp';
import { differenceHash } from '../common/difference-hash.js';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { sha256, writeFileAtomic } from '../common/files.js';
import { HashIndex } from '../common/hash-index.js';
import { mapAhead } from '../common/map-ahead.js';
import { isTelling, parseHash } from '../common/perceptual-hash.js';
import type { Frame, RgbImage } from '../common/types.js';
import { blankDeviation as defaultBlankDeviation, brightnessDeviation } from './blank.js';
import { intervalFrames } from './interval-frames.js';
import { keyframeFrames } from './keyframe-frames.js';
import { assertUsable } from './probe.js';
import { samplingGrid, timeTolerance, type GridOptions, type SamplingGrid } from './sampling-grid.js';
import type { RejectedFrame, SampledFrame, SamplingMethod, VideoProbe } from './types.js';
import { sceneFrames } from './scene-frames.js';
import { VideoReader, type TimedFrame } from './video-reader.js';

export interface SampleOptions extends GridOptions {
  videoKey: string;
  /** Frames go to `<outputFolder>/<videoKey>/<frameId>.jpg`. */
  outputFolder: string;
  /** Default `interval`. */
  sampling?: SamplingMethod;
  /** `scene` only: least change of a cut, 0..255. Default 15. */
  sceneThreshold?: number;
  /** `interval` only: of the frames up to so many seconds after a wanted time the sharpest is taken. Default 0. */
  sharpestWithinSeconds?: number;
  /** Frames whose brightness deviates less from its mean are blank and left out. Default 3; 0 leaves none out. */
  blankDeviation?: number;
  /** Frames whose perceptual hash differs in fewer bits from that of an earlier one are left out. Default 0: none. */
  duplicateDistance?: number;
  /** Perceptual hashes of the frames that an earlier run took. */
  earlierHashes?: readonly string[];
  /** At most so many frames in this call. */
  maxFrames?: number;
  /** 1..100, default 95. */
  jpegQuality?: number;
  signal?: AbortSignal;
}

// No picture is made twice: what libvips remembers of them would only take memory.
sharp.cache(false);

/** As in PySceneDetect's `AdaptiveDetector`. */
const defaultSceneThreshold = 15;

/** Frames that are measured and made into JPEG at the same time. */
const developedAhead = 3;

/**
 * Takes frames of a video: `interval` the first one at or after k·N for k = 0, 1, 2 …, `keyframe` the nearest keyframe
 * not later than each of these times, `scene` a sharp one of each shot; by presentation time from the start of the video.
 * A frame that several times ask for is taken once. Frames are yielded in order of time, at the original size, while the
 * next ones are decoded, and each is complete on disk when it is yielded; those that were left out come in between. The same video gives the same files, byte for
 * byte; existing ones are replaced.
 *
 * A run that was interrupted goes on with `afterSeconds` = the time of the last frame it had or left out.
 *
 * @throws PipelineError VIDEO_UNUSABLE, VIDEO_NOT_FOUND, VIDEO_DAMAGED, INVALID_SAMPLING, DISK_FULL, FFMPEG_KILLED,
 *   TOOL_MISSING, TOOL_TOO_OLD; the signal's reason after an abort
 */
export async function* sampleFrames(
  probe: VideoProbe,
  options: SampleOptions,
): AsyncGenerator<SampledFrame | RejectedFrame> {
  assertUsable(probe);
  const quality = options.jpegQuality ?? 95;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new PipelineError('INVALID_SAMPLING', `The JPEG quality ${quality} is not a whole number from 1 to 100.`);
  }
  const { maxFrames = Infinity } = options;
  const duplicates = new Duplicates(options);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  if (maxFrames <= 0) return;
  let count = 0;
  const reader = await VideoReader.open(probe, signal);
  const develop = (frame: TimedFrame): Promise<DevelopedFrame> => developFrame(reader, options, quality, frame);
  for await (const frame of mapAhead(wantedFrames(reader, options, signal), developedAhead, develop, () =>
    stop.abort(),
  )) {
    const rejection = frame.blank ? 'blank' : duplicates.accept(frame.perceptualHash) ? undefined : 'duplicate';
    if (rejection !== undefined) {
      frame.release();
      yield { rejected: rejection, ptsSeconds: frame.ptsSeconds };
      continue;
    }
    yield await writeFrame(options, frame);
    if (++count >= maxFrames) return;
  }
}

/** The wanted frames, with their times from the start of the video. */
async function* wantedFrames(
  reader: VideoReader,
  options: SampleOptions,
  signal: AbortSignal,
): AsyncGenerator<TimedFrame> {
  const { sampling = 'interval', skipStartSeconds = 0, afterSeconds = -Infinity } = options;
  const grid = samplingGrid(reader.probe.duration, options);
  // The keyframe before a wanted time may lie before the part that is wanted, or have been taken by the earlier run.
  const earliest = Math.max(skipStartSeconds, afterSeconds + 2 * timeTolerance) - timeTolerance;
  for await (const frame of methods[sampling](reader, grid, options, signal)) {
    if (frame.seconds >= earliest) yield frame;
  }
}

const methods: Record<
  SamplingMethod,
  (reader: VideoReader, grid: SamplingGrid, options: SampleOptions, signal: AbortSignal) => AsyncIterable<TimedFrame>
> = {
  interval: (reader, grid, { sharpestWithinSeconds: sharpestWithin }, signal) =>
    intervalFrames(reader, grid, { sharpestWithin, signal }),
  keyframe: (reader, grid, _options, signal) => keyframeFrames(reader, grid, { signal }),
  scene: (reader, { endSeconds }, { sceneThreshold, skipStartSeconds = 0 }, signal) =>
    sceneFrames(reader, {
      threshold: sceneThreshold ?? defaultSceneThreshold,
      ...{ fromSeconds: skipStartSeconds, endSeconds, signal },
    }),
};

/** A frame with all that is known before it is decided whether it is taken. */
interface DevelopedFrame {
  ptsSeconds: number;
  picture: RgbImage;
  jpeg: Buffer;
  perceptualHash: string;
  blank: boolean;
  release: () => void;
}

async function developFrame(
  { probe: { width, height }, pool }: VideoReader,
  { blankDeviation = defaultBlankDeviation }: SampleOptions,
  quality: number,
  { seconds, pixels }: TimedFrame,
): Promise<DevelopedFrame> {
  const picture = { width, height, data: pixels };
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    // Optimised Huffman tables would save 5 % of the file and take more time than all the rest.
    .jpeg({ quality, optimiseCoding: false })
    .toBuffer();
  return {
    ptsSeconds: Math.max(0, Math.round(seconds * 1e6) / 1e6),
    picture,
    jpeg,
    perceptualHash: differenceHash(picture),
    blank: brightnessDeviation(picture) < blankDeviation,
    release: () => pool.giveBack(pixels),
  };
}

/** Tells frames that look like one taken before. */
class Duplicates {
  private readonly index: HashIndex<true>;

  constructor({ duplicateDistance = 0, earlierHashes = [] }: SampleOptions) {
    this.index = new HashIndex(duplicateDistance);
    for (const hash of earlierHashes) this.accept(hash);
  }

  /** Whether the frame is new, and if so remembers it. */
  accept(perceptualHash: string): boolean {
    const hash = parseHash(perceptualHash, 'this frame');
    if (this.index.hasNear(hash)) return false;
    // A plain picture looks like every other one of its kind, whatever is in them.
    if (isTelling(hash)) this.index.add(hash, true);
    return true;
  }
}

async function writeFrame(options: SampleOptions, developed: DevelopedFrame): Promise<SampledFrame> {
  const { videoKey, signal } = options;
  const { ptsSeconds, picture, jpeg, perceptualHash, release } = developed;
  const frameId = `${videoKey}_${String(Math.round(ptsSeconds * 1000)).padStart(9, '0')}`;
  const file = path.resolve(options.outputFolder, videoKey, `${frameId}.jpg`);
  signal?.throwIfAborted();
  await writeFileAtomic(file, jpeg).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
    throw new PipelineError('DISK_FULL', `The disk is full: the frame ${file} was not written.`, {
      hint: 'Free some space and try again.',
      retryable: true,
      cause: error,
    });
  });
  const frame: Frame = { frameId, videoKey, ptsSeconds, width: picture.width, height: picture.height, file };
  return { frame, picture, perceptualHash, sha256: sha256(jpeg), release };
}
