import type { VideoProbe } from './types.js';

/** Packets that are read to judge whether the frame rate varies: ten seconds and more of any usual video with sound. */
export const packetsRead = 1000;

/** The part of ffprobe's JSON that is read here. Everything may be absent: files are what they are. */
export interface ProbeDocument {
  format?: { format_name?: string; duration?: string; start_time?: string; tags?: Record<string, string> };
  streams?: ProbeStream[];
  packets?: { stream_index?: number; pts_time?: string; flags?: string }[];
}

interface ProbeStream {
  index: number;
  codec_type?: string;
  codec_name?: string;
  codec_tag_string?: string;
  pix_fmt?: string;
  width?: number;
  height?: number;
  has_b_frames?: number;
  field_order?: string;
  is_avc?: string;
  nal_length_size?: string;
  avg_frame_rate?: string;
  r_frame_rate?: string;
  time_base?: string;
  start_pts?: number;
  start_time?: string;
  duration?: string;
  disposition?: Record<string, number>;
  tags?: Record<string, string>;
  side_data_list?: { rotation?: number }[];
}

/** What this folder needs to know of a file besides its {@link VideoProbe}. */
export interface ProbeDetails {
  /** Index of the video stream in the file. */
  streamIndex: number;
  /** {@link VideoProbe.startTime} without the rounding to microseconds. */
  exactStartTime: number;
  /** Start of the container's clock in seconds: ffmpeg counts the times of its `-ss` from it. */
  containerStartTime: number;
  /** How many frames the decoder holds back to put them into the order of presentation. */
  reorderFrames: number;
  interlaced: boolean;
  /** H.264 with lengths of four bytes before its units, as .mp4 keeps it. */
  avc: boolean;
  /** Longest time between keyframes at the start of the video; Infinity where fewer than two were seen. */
  keyframeGap: number;
  /** The container's `comment` tag. */
  comment: string;
}

export function unusableProbe(file: string, ...reasons: string[]): { probe: VideoProbe; details: ProbeDetails } {
  return readProbe(file, {}, reasons);
}

/** Reads ffprobe's document. `reasons` given by the caller replace those found here. */
export function readProbe(
  file: string,
  document: ProbeDocument,
  reasons?: string[],
): { probe: VideoProbe; details: ProbeDetails } {
  const { format = {}, streams = [], packets = [] } = document;
  const video = streams.find(isMovingPicture);
  const interlaced = ['tt', 'bb', 'tb', 'bt'].includes(video?.field_order ?? '');
  const ofVideo = packets.filter((packet) => packet.stream_index === video?.index);
  const times = timesOf(ofVideo);
  const keyframeGaps = gaps(timesOf(ofVideo.filter(({ flags }) => flags?.startsWith('K'))));
  const rotation = rotationOf(video);
  const sideways = rotation === 90 || rotation === 270;
  const meanRate = ratio(video?.avg_frame_rate);
  const containerStartTime = seconds(format.start_time) ?? 0;
  const startTime = seconds(video?.start_time) ?? containerStartTime;
  const probe: VideoProbe = {
    file,
    container: format.format_name ?? '',
    codec: video?.codec_name ?? '',
    pixelFormat: video?.pix_fmt ?? '',
    width: (sideways ? video?.height : video?.width) ?? 0,
    height: (sideways ? video?.width : video?.height) ?? 0,
    rotation,
    fps: round(meanRate > 0 ? meanRate : ratio(video?.r_frame_rate)),
    duration: durationOf(video, seconds(format.duration), startTime - containerStartTime),
    startTime,
    variableFrameRate:
      video !== undefined && (ratesDiffer(video, interlaced) || gapsDiffer(times, packets.length < packetsRead)),
    usable: false,
    reasons: [],
  };
  probe.reasons = reasons ?? reasonsAgainst(probe, streams, video);
  probe.usable = probe.reasons.length === 0;
  const details: ProbeDetails = {
    streamIndex: video?.index ?? 0,
    exactStartTime: video?.start_pts === undefined ? startTime : video.start_pts * ratio(video.time_base),
    containerStartTime,
    reorderFrames: video?.has_b_frames ?? 0,
    interlaced,
    avc: video?.is_avc === 'true' && video.nal_length_size === '4',
    keyframeGap: keyframeGaps.length === 0 ? Infinity : Math.max(...keyframeGaps),
    comment: format.tags?.comment ?? '',
  };
  return { probe, details };
}

/** Cover pictures are video streams to FFmpeg; nobody wants them as frames. */
function isMovingPicture(stream: ProbeStream): boolean {
  return stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1;
}

function reasonsAgainst(probe: VideoProbe, streams: ProbeStream[], video: ProbeStream | undefined): string[] {
  if (video === undefined) {
    if (streams.some((stream) => stream.codec_type === 'video')) return ['it holds only a cover picture'];
    const kinds = [...new Set(streams.map((stream) => stream.codec_type ?? 'unknown'))];
    return [kinds.length === 0 ? 'it holds no streams' : `it holds no video, only ${kinds.join(' and ')}`];
  }
  if (/^image2|_pipe$/.test(probe.container)) return ['it is a still picture'];
  // FFmpeg "plays" plain text as a terminal would show it.
  if (probe.container === 'tty' || probe.codec === 'ansi') return ['it is a text file'];
  const reasons: string[] = [];
  if (video.codec_tag_string === 'encv') reasons.push('it is encrypted');
  if (probe.codec === '' || probe.codec === 'none' || probe.codec === 'unknown') reasons.push('its codec is unknown');
  if (probe.width === 0 || probe.height === 0) reasons.push('its picture size is unknown');
  if (!(probe.duration > 0)) reasons.push('it has no duration');
  return reasons;
}

/** The display matrix turns counter-clockwise, the older `rotate` tag clockwise. */
function rotationOf(video: ProbeStream | undefined): number {
  const matrix = video?.side_data_list?.find((data) => data.rotation !== undefined)?.rotation;
  const clockwise = matrix === undefined ? Number(video?.tags?.rotate ?? 0) : -matrix;
  const quarterTurns = Number.isFinite(clockwise) ? Math.round(clockwise / 90) : 0;
  return (((quarterTurns % 4) + 4) % 4) * 90;
}

/** Matroska writes the stream's end into a tag; where there is nothing, the container's end is the video's. */
function durationOf(video: ProbeStream | undefined, ofContainer: number | undefined, startInContainer: number): number {
  const own = seconds(video?.duration);
  if (own !== undefined) return own;
  const tag = /^(\d+):(\d+):(\d+\.?\d*)$/.exec(video?.tags?.DURATION ?? '');
  const end = tag === null ? ofContainer : Number(tag[1]) * 3600 + Number(tag[2]) * 60 + Number(tag[3]);
  return end === undefined ? 0 : Math.max(0, round(end - startInContainer));
}

/** The smallest rate that fits all times against the mean rate. Interlaced streams count fields there. */
function ratesDiffer(video: ProbeStream, interlaced: boolean): boolean {
  const base = ratio(video.r_frame_rate) / (interlaced ? 2 : 1);
  const mean = ratio(video.avg_frame_rate);
  if (base <= 0 || mean <= 0) return false;
  return Math.abs(base / mean - 1) > 0.01 && !(interlaced && Math.abs((base * 2) / mean - 1) <= 0.01);
}

function timesOf(packets: { pts_time?: string }[]): number[] {
  return packets.map((packet) => Number(packet.pts_time)).filter((time) => Number.isFinite(time));
}

/** The differences of the times in order of presentation. */
function gaps(times: readonly number[]): number[] {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted.slice(1).map((time, index) => time - (sorted[index] ?? time));
}

/** Times rounded to milliseconds (Matroska) differ by up to 1 ms from gap to gap at a constant rate. */
function gapsDiffer(times: readonly number[], whole: boolean): boolean {
  const all = gaps(times);
  // Reading stopped amid frames that refer to later ones, some of them unread: the last gaps say nothing. 16 is the
  // most frames that H.264 and HEVC can hold back.
  const complete = whole ? all : all.slice(0, -16);
  return complete.length > 0 && Math.max(...complete) - Math.min(...complete) > 0.0025;
}

/** `30000/1001` → 29.97; 0 where FFmpeg does not know. */
function ratio(text: string | undefined): number {
  const [numerator = 0, denominator = 1] = (text ?? '0/1').split('/').map(Number);
  return denominator === 0 ? 0 : numerator / denominator;
}

function seconds(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) ? undefined : value;
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
