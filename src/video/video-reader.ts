import { availableParallelism } from 'node:os';
import { decodeFrames, type DecodeRequest } from './decode.js';
import { decodeCost, type DecodeCost } from './decode-plan.js';
import { filtersPackets } from './ffmpeg.js';
import { readPacketIndex, type PacketIndex } from './packet-index.js';
import { fitsSeekScript } from './seek-script.js';
import { PixelPool } from './pixel-pool.js';
import type { ProbeDetails } from './probe-document.js';
import { detailsOf } from './probe.js';
import { timeTolerance } from './sampling-grid.js';
import type { VideoProbe } from './types.js';

/** A decoded picture with its time from the start of the video. */
export interface TimedFrame {
  seconds: number;
  /** 8-bit RGB, rows from the top, at the size of the video. */
  pixels: Buffer;
}

/** What of a part of a video is decoded. Times from the start of the video, except in `select`. */
interface PartRequest extends Pick<
  DecodeRequest,
  'select' | 'frames' | 'skip' | 'drop' | 'threads' | 'scaling' | 'width' | 'height' | 'signal'
> {
  endSeconds?: number;
}

/** Containers with an index. In others ffmpeg finds a position by guessing, and reading through is as cheap. */
const indexedContainers = /\b(mov|mp4|matroska|webm)\b/;

const mp4 = /\bmp4\b/;

/** Codecs whose frames are in order however little ffmpeg knows at first, where the container is .mp4. */
const orderKnown = new Set(['h264', 'hevc', 'vp9', 'av1']);

/** Several ffmpegs at a time with one thread each do more than one with several; more than four find no work. */
const lanesAtMost = 4;

/** Frames that wait for their turn take no more memory than this, all lanes together. */
const waitingBytes = 24e6;

/** Decodes parts of one video, in times from its start. */
export class VideoReader {
  /** Whether decoding can begin anywhere. */
  readonly seekable: boolean;
  readonly cost: DecodeCost;
  readonly lanes = Math.min(availableParallelism(), lanesAtMost);
  /** Frames of one lane that may wait for their turn. */
  readonly ahead: number;
  /** Memory for pictures of the size of the video. */
  readonly pool: PixelPool;
  /** Time of the video's start on the clock of the file. */
  readonly start: number;
  /** Longest time between keyframes at the start of the video; Infinity where fewer than two were seen. */
  readonly keyframeGap: number;
  /**
   * How far before a wanted time to look, one try after the other. Files are indexed by the order of decoding, which
   * runs ahead of that of presentation by the reordered frames: what is found at the time itself may be shown later.
   */
  readonly margins: readonly number[];

  private constructor(
    readonly probe: VideoProbe,
    private readonly details: ProbeDetails,
  ) {
    this.seekable = indexedContainers.test(probe.container);
    this.cost = decodeCost(probe);
    this.ahead = Math.max(1, Math.min(32, Math.floor(waitingBytes / this.lanes / (probe.width * probe.height * 3))));
    this.pool = new PixelPool(probe.width * probe.height * 3);
    this.start = details.exactStartTime;
    this.keyframeGap = details.keyframeGap;
    const reorder = (details.reorderFrames + 1) / Math.max(probe.fps, 1);
    this.margins = this.seekable ? [0, reorder, 10 * reorder + 1, Infinity] : [Infinity];
  }

  static async open(probe: VideoProbe, signal?: AbortSignal): Promise<VideoReader> {
    return new VideoReader(probe, await detailsOf(probe, signal));
  }

  /** The frames of the whole video; undefined where only decoding tells. */
  async packetIndex(signal?: AbortSignal): Promise<PacketIndex | undefined> {
    return this.seekable ? readPacketIndex(this.probe.file, this.details, signal) : undefined;
  }

  /** Whether it can be seen which frames no other one refers to, and ffmpeg can be told to leave them out. */
  async knowsReferences(): Promise<boolean> {
    const { avc, interlaced } = this.details;
    return avc && !interlaced && mp4.test(this.probe.container) && (await filtersPackets());
  }

  /**
   * Decodes from a keyframe not later than `fromSeconds`, and knows that it was not later. Yields the selected frames at
   * or after `fromSeconds`.
   */
  async *decodeFrom(fromSeconds: number, part: PartRequest): AsyncGenerator<TimedFrame> {
    for (const margin of this.margins) {
      let proven = this.seekPosition(fromSeconds - margin) === undefined;
      for await (const frame of this.decode(fromSeconds - margin, part)) {
        proven ||= frame.firstSeconds <= fromSeconds + timeTolerance;
        // The first frame decoded lies after the wanted time: an earlier one may be the first at or after it.
        if (!proven) break;
        if (frame.seconds >= fromSeconds - timeTolerance) yield frame;
      }
      if (proven) return;
    }
  }

  /** Decodes from where ffmpeg finds `seconds`, and yields the selected frames. */
  async *decode(seconds: number, part: PartRequest): AsyncGenerator<TimedFrame & { firstSeconds: number }> {
    const { endSeconds, ...rest } = part;
    const frames = decodeFrames({
      ...rest,
      pool: part.width === this.probe.width && part.height === this.probe.height ? this.pool : undefined,
      ...{ file: this.probe.file, streamIndex: this.details.streamIndex },
      seekSeconds: this.seekPosition(seconds),
      trustContainer:
        (part.skip === 'nokey' && this.seekable) ||
        (mp4.test(this.probe.container) && orderKnown.has(this.probe.codec)),
      endSeconds: endSeconds === undefined ? undefined : endSeconds + this.start - timeTolerance,
    });
    for await (const frame of frames) {
      const { pixels } = frame;
      yield { seconds: frame.seconds - this.start, firstSeconds: frame.firstSeconds - this.start, pixels };
    }
  }

  /**
   * The last keyframe at or before each of several times, all by one ffmpeg; in some files an earlier one or none, or
   * several of which it is the last. `index` tells which time a frame was sought for.
   */
  async *seekKeyframes(times: readonly number[], signal: AbortSignal): AsyncGenerator<TimedFrame & { index: number }> {
    const { file, width, height } = this.probe;
    if (!this.seekable || !fitsSeekScript(file)) return;
    const frames = decodeFrames({
      ...{ file, width, height, signal, pool: this.pool, streamIndex: this.details.streamIndex },
      ...{ moments: times.map((seconds) => this.start + seconds), skip: 'nokey', threads: 1 },
      // Some decoders leave nothing out.
      ...{ select: 'key', drop: (await filtersPackets()) ? 'not(key)' : undefined },
    });
    for await (const { seconds, moment, pixels } of frames) {
      const frame = { seconds: seconds - this.start, index: moment, pixels };
      if (frame.seconds <= (times[moment] ?? -Infinity) + timeTolerance) yield frame;
    }
  }

  /** Where ffmpeg is told to look for a time: it counts from the start of the container. Undefined: read from there. */
  private seekPosition(seconds: number): number | undefined {
    const position = this.start + seconds - this.details.containerStartTime;
    // Rounded up, since a position a moment before a keyframe is that of the keyframe before.
    return position <= 0 ? undefined : Math.ceil(position * 1e6 - 1e-3) / 1e6;
  }
}
