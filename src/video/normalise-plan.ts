import type { ProbeDetails } from './probe-document.js';
import type { VideoProbe } from './types.js';

/** What has to be done to a video before it is used. */
export type NormaliseAction = 'none' | 'remux' | 'transcode';

/** Every decoder that videos meet after this step (FFmpeg builds, browsers, annotation servers) takes these. */
const fineCodecs = new Set(['h264', 'hevc', 'vp8', 'vp9', 'av1']);

/** Containers with an index, so that a wanted time is found without reading all that lies before it. */
const fineContainers = /^(mov,mp4|matroska,webm)/;

/** Containers that keep the order of decoding only: copied frames that are shown in another order would lose their times. */
const withoutPresentationTimes = /^avi/;

/** Decides from the probe alone: the least that makes the video 8-bit 4:2:0 in a good codec and an indexed container. */
export function planNormalisation(
  probe: VideoProbe,
  details: Pick<ProbeDetails, 'interlaced' | 'reorderFrames'>,
): NormaliseAction {
  if (!fineCodecs.has(probe.codec) || probe.pixelFormat !== 'yuv420p' || details.interlaced) return 'transcode';
  if (withoutPresentationTimes.test(probe.container) && details.reorderFrames > 0) return 'transcode';
  return fineContainers.test(probe.container) ? 'none' : 'remux';
}
