import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { findTool, killDelayMs } from '../tools/index.js';
import { collectComplaints, ffmpegError, inputArguments, passthroughArguments, saysCutOff } from './ffmpeg.js';

/** A picture of the video as pixels. */
export interface DecodedFrame {
  /** Presentation time on the clock of the file. */
  seconds: number;
  /** Rows from the top, pixels from the left, 3 bytes (red, green, blue) each, in the size asked for. */
  rgb: Buffer;
}

export interface DecodeRequest {
  file: string;
  streamIndex: number;
  /** Size of the video as displayed. Pictures of another size (it may change midway) are brought to it. */
  width: number;
  height: number;
  /** Start at the last keyframe not later than this, in seconds of ffmpeg's `-ss`; from the beginning if absent. */
  seekSeconds?: number;
  /** Expression of the `select` filter. */
  select: string;
  /** Stop after so many frames. */
  frames?: number;
  /** Stop at this time on the clock of the file. */
  endSeconds?: number;
  signal?: AbortSignal;
}

/** Same pixels on every machine and each time: no shortcut of a particular processor in the colour conversion. */
const scaleFlags = 'bicubic+accurate_rnd+full_chroma_int+bitexact';

/**
 * Decodes a video with one ffmpeg and yields the selected frames while it decodes on; memory holds a frame at a time.
 * Ends the program when the caller stops early or the signal aborts.
 */
export async function* decodeFrames(request: DecodeRequest): AsyncGenerator<DecodedFrame> {
  const { signal, file } = request;
  const ffmpeg = await findTool('ffmpeg');
  const stop = new AbortController();
  const child = execa(ffmpeg.path, [...decodeArguments(request), ...(await passthroughArguments()), ...rawOutput], {
    stdin: 'ignore',
    buffer: false,
    reject: false,
    cancelSignal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    forceKillAfterDelay: killDelayMs,
  });
  const log = new FrameLog(child.stderr);
  try {
    let count = 0;
    for await (const rgb of slices(child.stdout, request.width * request.height * 3)) {
      count++;
      yield { seconds: await log.nextTime(), rgb };
    }
    const result = await child;
    signal?.throwIfAborted();
    const toTheEnd = count < (request.frames ?? Infinity);
    if (result.failed || (toTheEnd && saysCutOff(log.complaints))) {
      throw ffmpegError(file, 'decoding', result, log.complaints);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    stop.abort();
    child.stdout.destroy();
    await child;
  }
}

const rawOutput = ['-flags', '+bitexact', '-fflags', '+bitexact', '-f', 'rawvideo', 'pipe:1'];

function decodeArguments(request: DecodeRequest): string[] {
  const { width, height, seekSeconds, endSeconds } = request;
  const filters = [
    `select='${request.select}'`,
    ...(endSeconds === undefined ? [] : [`trim=end=${endSeconds.toFixed(6)}`]),
    'showinfo=checksum=0',
    `scale=${width}:${height}:flags=${scaleFlags}`,
    'format=rgb24',
  ];
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+info'],
    // Times stay those of the file, and the select filter alone decides which frame is the first one wanted: ffmpeg's
    // own cut after a seek works on times rounded to microseconds.
    ...['-copyts', '-noaccurate_seek', ...(seekSeconds === undefined ? [] : ['-ss', seekSeconds.toFixed(6)])],
    ...inputArguments(request.file),
    ...['-map', `0:${request.streamIndex}`, '-vf', filters.join(',')],
    ...(request.frames === undefined ? [] : ['-frames:v', String(request.frames)]),
  ];
}

/** Cuts a byte stream into buffers of `size` bytes. A rest at the end is an unfinished picture and is left out. */
async function* slices(stream: Readable, size: number): AsyncGenerator<Buffer> {
  let slice = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let read = 0;
    while (read < chunk.length) {
      const copied = chunk.copy(slice, filled, read);
      read += copied;
      filled += copied;
      if (filled === size) {
        yield slice;
        slice = Buffer.allocUnsafe(size);
        filled = 0;
      }
    }
  }
}

/** Reads ffmpeg's log: the times of the frames that pass the `showinfo` filter, in order, and complaints. */
class FrameLog {
  readonly complaints: string[];
  private readonly times: number[] = [];
  private unit = NaN;
  private ended = false;
  private wake: () => void = () => {};

  constructor(stderr: Readable) {
    this.complaints = collectComplaints(
      stderr,
      (line) => this.read(line),
      () => {
        this.ended = true;
        this.wake();
      },
    );
  }

  /** Time of the next frame, in seconds on the clock of the file. */
  async nextTime(): Promise<number> {
    while (this.times.length === 0) {
      if (this.ended) throw new Error('ffmpeg gave a picture without its time');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.times.shift() ?? NaN;
  }

  private read(line: string): void {
    const config = /showinfo.* config in time_base: (\d+)\/(\d+)/.exec(line);
    if (config !== null) this.unit = Number(config[1]) / Number(config[2]);
    // The integer time, because older versions print the one in seconds with six digits only.
    const frame = /showinfo.* n: *\d+ pts: *(-?\d+)/.exec(line);
    if (frame === null) return;
    this.times.push(Number(frame[1]) * this.unit);
    this.wake();
  }
}
