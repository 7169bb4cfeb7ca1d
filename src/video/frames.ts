import path from 'node:path';
import sharp from 'sharp';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import type { Frame } from '../common/types.js';
import { decodeFrames, type DecodedFrame, type DecodeRequest } from './decode.js';
import { assertUsable, inspectVideo } from './probe.js';
import { gridIndex, samplingGrid, selectFrom, selectGrid, timeTolerance, type GridOptions } from './sampling-grid.js';
import type { VideoProbe } from './types.js';

export interface SampleOptions extends GridOptions {
  videoKey: string;
  /** Frames go to `<outputFolder>/<videoKey>/<frameId>.jpg`. */
  outputFolder: string;
  /** At most so many frames in this call. */
  maxFrames?: number;
  /** 1..100, default 95. */
  jpegQuality?: number;
  signal?: AbortSignal;
}

/** From this interval on, starting ffmpeg anew at each wanted time costs less than decoding all that lies between. */
const seekFromSeconds = 5;

/** Containers with an index. In others ffmpeg finds a position by guessing, and reading through is as cheap. */
const indexedContainers = /\b(mov|mp4|matroska|webm)\b/;

/**
 * Takes one frame every N seconds: the first frame at or after k·N for k = 0, 1, 2 …, by presentation time from the
 * start of the video. A frame that is the first for several k (the rate varies, or N is short) is taken once. Frames
 * are yielded in order of time, at the original size, while the next ones are decoded, and each is complete on disk
 * when it is yielded. The same video gives the same files, byte for byte; existing ones are replaced.
 *
 * A run that was interrupted goes on with `afterSeconds` = the `ptsSeconds` of the last frame it had.
 *
 * @throws PipelineError VIDEO_UNUSABLE, VIDEO_NOT_FOUND, VIDEO_DAMAGED, INVALID_SAMPLING, DISK_FULL, FFMPEG_KILLED,
 *   TOOL_MISSING, TOOL_TOO_OLD; the signal's reason after an abort
 */
export async function* sampleFrames(probe: VideoProbe, options: SampleOptions): AsyncGenerator<Frame> {
  assertUsable(probe);
  const quality = options.jpegQuality ?? 95;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new PipelineError('INVALID_SAMPLING', `The JPEG quality ${quality} is not a whole number from 1 to 100.`);
  }
  const maxFrames = options.maxFrames ?? Infinity;
  let count = 0;
  if (maxFrames <= 0) return;
  for await (const { seconds, rgb } of wantedFrames(probe, options, maxFrames)) {
    yield await writeFrame(probe, options, quality, seconds, rgb);
    if (++count >= maxFrames) return;
  }
}

/** The wanted frames, with their times from the start of the video. */
async function* wantedFrames(
  probe: VideoProbe,
  options: SampleOptions,
  maxFrames: number,
): AsyncGenerator<DecodedFrame> {
  const { signal } = options;
  const grid = samplingGrid(probe.duration, options);
  const { details } = await inspectVideo(probe.file, signal);
  const start = details.exactStartTime;
  const indexed = indexedContainers.test(probe.container);
  const { file, width, height } = probe;
  const request = { file, width, height, streamIndex: details.streamIndex };

  /** Decodes from a keyframe not later than `fromSeconds`, and knows that it was not later. */
  async function* decodeFrom(
    fromSeconds: number,
    part: Pick<DecodeRequest, 'select' | 'frames' | 'endSeconds' | 'signal'>,
  ): AsyncGenerator<DecodedFrame> {
    // Files are indexed by the order of decoding, which runs ahead of that of presentation by the reordered frames.
    const reorder = (details.reorderFrames + 1) / Math.max(probe.fps, 1);
    const margins = indexed ? [reorder, 10 * reorder + 1, Infinity] : [Infinity];
    for (const margin of margins) {
      const seek = start + fromSeconds - margin - details.containerStartTime;
      const whole = seek <= 0;
      let proven = whole;
      for await (const frame of decodeFrames({ ...request, ...part, seekSeconds: whole ? undefined : seek })) {
        const seconds = frame.seconds - start;
        proven ||= seconds <= fromSeconds + timeTolerance;
        // The first frame decoded lies after the wanted time: an earlier one may be the first at or after it.
        if (!proven) break;
        if (seconds >= fromSeconds - timeTolerance) yield { ...frame, seconds };
      }
      if (proven) return;
    }
  }

  if (indexed && grid.everySeconds >= seekFromSeconds) {
    const end = Math.min(probe.duration, grid.endSeconds) - timeTolerance;
    const grab = async (index: number, grabSignal: AbortSignal): Promise<DecodedFrame | undefined> => {
      const wanted = index * grid.everySeconds;
      if (wanted >= end) return undefined;
      const part = { select: selectFrom(start + wanted), frames: 2, signal: grabSignal };
      for await (const frame of decodeFrom(wanted, part)) {
        return frame.seconds < grid.endSeconds - timeTolerance ? frame : undefined;
      }
      return undefined;
    };
    yield* grabbedAhead(grab, grid.firstIndex, (frame) => gridIndex(grid, frame.seconds) + 1, maxFrames, signal);
    return;
  }

  const endSeconds = Number.isFinite(grid.endSeconds) ? start + grid.endSeconds - timeTolerance : undefined;
  const part = { select: selectGrid(grid, start), endSeconds, signal };
  let nextIndex = grid.firstIndex;
  for await (const frame of decodeFrom(grid.firstIndex * grid.everySeconds, part)) {
    // ffmpeg passes one frame too many where the picture's format changes midway: its filters start anew there.
    const index = gridIndex(grid, frame.seconds);
    if (index < nextIndex) continue;
    nextIndex = index + 1;
    yield frame;
  }
}

/** Yields frame after frame, and grabs the next one while the caller works on the one before. */
async function* grabbedAhead(
  grab: (index: number, signal: AbortSignal) => Promise<DecodedFrame | undefined>,
  firstIndex: number,
  indexAfter: (frame: DecodedFrame) => number,
  maxFrames: number,
  signal?: AbortSignal,
): AsyncGenerator<DecodedFrame> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let ahead: Promise<DecodedFrame | undefined> = grab(firstIndex, either);
  try {
    for (let count = 1; ; count++) {
      const frame = await ahead;
      if (frame === undefined) return;
      ahead = count < maxFrames ? grab(indexAfter(frame), either) : Promise.resolve(undefined);
      // Reported when its turn comes; until then Node must not take it for an error that nobody handles.
      ahead.catch(() => undefined);
      yield frame;
    }
  } finally {
    stop.abort();
    await ahead.catch(() => undefined);
  }
}

async function writeFrame(
  probe: VideoProbe,
  options: SampleOptions,
  quality: number,
  seconds: number,
  rgb: Buffer,
): Promise<Frame> {
  const { videoKey, signal } = options;
  const { width, height } = probe;
  const ptsSeconds = Math.max(0, Math.round(seconds * 1e6) / 1e6);
  const frameId = `${videoKey}_${String(Math.round(ptsSeconds * 1000)).padStart(9, '0')}`;
  const file = path.resolve(options.outputFolder, videoKey, `${frameId}.jpg`);
  const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
  signal?.throwIfAborted();
  await writeFileAtomic(file, jpeg).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
    throw new PipelineError('DISK_FULL', `The disk is full: the frame ${file} was not written.`, {
      hint: 'Free some space and try again.',
      retryable: true,
      cause: error,
    });
  });
  return { frameId, videoKey, ptsSeconds, width, height, file };
}
