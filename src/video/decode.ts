import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { confine, findTool } from '../tools/index.js';
import {
  collectComplaints,
  ffmpegError,
  ffmpegOptions,
  inputArguments,
  passthroughArguments,
  saysCutOff,
} from './ffmpeg.js';
import { PixelPool } from './pixel-pool.js';
import { seekPosition, seekScript } from './seek-script.js';

/** A picture of the video as pixels. */
export interface DecodedFrame {
  /** Presentation time on the clock of the file. */
  seconds: number;
  /** The same of the first picture that was decoded, wanted or not: it shows whether decoding began early enough. */
  firstSeconds: number;
  /** Which of the moments it was sought for; 0 without any. */
  moment: number;
  /** 8-bit RGB, rows from the top, in the size asked for. */
  pixels: Buffer;
}

/** What one ffmpeg decodes, and which of its pictures it hands over. */
export interface DecodeRequest {
  file: string;
  streamIndex: number;
  /** Pictures of another size (that of the video may change midway) are brought to this one. */
  width: number;
  height: number;
  /** Where the memory for pictures comes from; of the size asked for. Default: new for each. */
  pool?: PixelPool;
  /** How pictures are brought to another size. Default `bicubic`; `area` is for much smaller ones. */
  scaling?: 'bicubic' | 'area';
  /** Start at the last keyframe not later than this, in seconds of ffmpeg's `-ss`; from the beginning if absent. */
  seekSeconds?: number;
  /** Instead: only what lies between each of these times on the clock of the file and the last keyframe before it. */
  moments?: readonly number[];
  /** Expression of the `select` filter. */
  select: string;
  /** Stop after so many frames. */
  frames?: number;
  /** Stop at this time on the clock of the file. */
  endSeconds?: number;
  /** What the decoder leaves out unseen: all but keyframes, or all frames that no other frame refers to. */
  skip?: 'nokey' | 'noref';
  /** Which packets are not even given to the decoder: expression of the `noise` bitstream filter. */
  drop?: string;
  /** Begin at once with what the container says of the stream. Else ffmpeg decodes some frames first, to know more. */
  trustContainer?: boolean;
  /** Threads of the decoder; default: as many as there are cores. */
  threads?: number;
  signal?: AbortSignal;
}

/**
 * Decodes a video with one ffmpeg and yields the selected frames while it decodes on; memory holds a frame at a time.
 * Ends the program when the caller stops early or the signal aborts.
 *
 * @throws PipelineError VIDEO_DAMAGED, DISK_FULL, FFMPEG_KILLED; the signal's reason after an abort
 */
export async function* decodeFrames(request: DecodeRequest): AsyncGenerator<DecodedFrame> {
  const { signal, file, moments } = request;
  const ffmpeg = await findTool('ffmpeg');
  const stop = new AbortController();
  const programArguments = [...decodeArguments(request), ...(await passthroughArguments()), ...rawOutput];
  const { stdin, ...options } = ffmpegOptions(
    signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
  );
  const child = execa(...confine(ffmpeg.path, programArguments), {
    ...options,
    ...(moments === undefined ? { stdin } : { input: seekScript(file, moments) }),
    buffer: false,
    reject: false,
  });
  const log = new FrameLog(child.stderr, moments);
  try {
    let count = 0;
    const pool = request.pool ?? new PixelPool(request.width * request.height * 3);
    for await (const pixels of slices(child.stdout, pool)) {
      count++;
      const { seconds, moment } = await log.nextTime();
      yield { seconds, moment, firstSeconds: log.firstSeconds, pixels };
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

/** The script comes by standard input. Absolute paths are `unsafe` to ffmpeg, whose scripts may come from anywhere. */
const scriptInput = ['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'file,pipe', '-i', 'pipe:0'];

function decodeArguments(request: DecodeRequest): string[] {
  const { width, height, seekSeconds, endSeconds, skip, drop, threads, scaling = 'bicubic' } = request;
  const filters = [
    // The first picture passes as far as the log, and only the wanted ones on to the costly conversion of colours.
    `select='eq(n,0)+(${request.select})'`,
    ...(endSeconds === undefined ? [] : [`trim=end=${endSeconds.toFixed(6)}`]),
    'showinfo@first=checksum=0',
    `select='${request.select}'`,
    'showinfo@taken=checksum=0',
    // As ffmpeg converts colours for everyone: its more accurate ways cost more than decoding does.
    `scale=${width}:${height}:flags=${scaling}`,
    'format=rgb24',
  ];
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+info'],
    // Times stay those of the file, and the select filter alone decides which frame is the first one wanted: ffmpeg's
    // own cut after a seek works on times rounded to microseconds.
    ...['-copyts', '-noaccurate_seek', ...(seekSeconds === undefined ? [] : ['-ss', seekSeconds.toFixed(6)])],
    ...(skip === undefined ? [] : ['-skip_frame', skip]),
    // Keyframes need not wait for frames that may have to be shown before them.
    ...(skip === 'nokey' ? ['-flags', 'low_delay'] : []),
    ...(drop === undefined ? [] : ['-bsf:v', `noise=drop='${drop}'`]),
    ...(request.trustContainer === true ? ['-nofind_stream_info'] : []),
    ...(threads === undefined ? [] : ['-threads', String(threads), '-filter_threads', String(threads)]),
    ...(request.moments === undefined ? inputArguments(request.file) : scriptInput),
    ...['-map', `0:${request.streamIndex}`, '-vf', filters.join(',')],
    ...(request.frames === undefined ? [] : ['-frames:v', String(request.frames)]),
  ];
}

/** Cuts a byte stream into pictures. A rest at the end is an unfinished picture and is left out. */
async function* slices(stream: Readable, pool: PixelPool): AsyncGenerator<Buffer> {
  let slice = pool.take();
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let read = 0;
    while (read < chunk.length) {
      const copied = chunk.copy(slice, filled, read);
      read += copied;
      filled += copied;
      if (filled === slice.length) {
        yield slice;
        slice = pool.take();
        filled = 0;
      }
    }
  }
  pool.giveBack(slice);
}

/** Reads ffmpeg's log: the times of the frames that pass the `showinfo` filters, in order, and complaints. */
class FrameLog {
  readonly complaints: string[];
  /** Time of the first picture that was decoded; known before that of any picture taken. */
  firstSeconds = NaN;
  private readonly times: { seconds: number; moment: number }[] = [];
  private unit: [numerator: number, denominator: number] = [NaN, NaN];
  private ended = false;
  private wake: () => void = () => {};

  constructor(
    stderr: Readable,
    private readonly moments?: readonly number[],
  ) {
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
  async nextTime(): Promise<{ seconds: number; moment: number }> {
    for (;;) {
      const time = this.times.shift();
      if (time !== undefined) return time;
      if (this.ended) throw new Error('ffmpeg gave a picture without its time');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private read(line: string): void {
    const config = /showinfo@.* config in time_base: (\d+)\/(\d+)/.exec(line);
    if (config !== null) this.unit = [Number(config[1]), Number(config[2])];
    // The integer time, because older versions print the one in seconds with six digits only.
    const frame = /showinfo@(first|taken).* n: *\d+ pts: *(-?\d+)/.exec(line);
    if (frame === null) return;
    const time = this.timeOf(Number(frame[2]));
    if (frame[1] === 'first') {
      if (Number.isNaN(this.firstSeconds)) this.firstSeconds = time.seconds;
      return;
    }
    this.times.push(time);
    this.wake();
  }

  private timeOf(ticks: number): { seconds: number; moment: number } {
    const [numerator, denominator] = this.unit;
    const unit = numerator / denominator;
    if (this.moments === undefined) return { seconds: ticks * unit, moment: 0 };
    const found = seekPosition(ticks, this.moments, this.unit);
    return { seconds: found.ticks * unit, moment: found.index };
  }
}
