import type { Frame, RgbImage } from '../common/types.js';

/** What one look at a file tells about its video. Exactly the document of `frameloop probe --json`. */
export interface VideoProbe {
  /** Absolute path. */
  file: string;
  /** FFmpeg's name of the container format, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  container: string;
  codec: string;
  pixelFormat: string;
  /** Size in pixels as displayed: after the rotation that the file asks for. */
  width: number;
  height: number;
  /** Clockwise, in degrees: 0, 90, 180 or 270. */
  rotation: number;
  /** Mean frames per second. */
  fps: number;
  /** Of the video stream, in seconds. */
  duration: number;
  /** Presentation time of the video stream's start within the file, in seconds. Everywhere else time counts from it. */
  startTime: number;
  variableFrameRate: boolean;
  usable: boolean;
  /** Why it is not usable; empty when it is. */
  reasons: string[];
}

/** How frames are chosen: one every N seconds, the keyframe before each of these times, or a sharp one of each shot. */
export type SamplingMethod = 'interval' | 'keyframe' | 'scene';

/** Why a frame was decoded and not taken. */
type RejectionReason = 'blank' | 'duplicate';

/** A frame that was taken and lies on disk, with its pixels as they were decoded. */
export interface SampledFrame {
  frame: Frame;
  picture: RgbImage;
  /** 64-bit difference hash of the picture, 16 hex digits. */
  perceptualHash: string;
  /** Of the file. */
  sha256: string;
  /** Gives the memory of the pixels back for frames to come: the picture must not be used after it. */
  release: () => void;
}

/** A frame that was decoded and left out. */
export interface RejectedFrame {
  rejected: RejectionReason;
  ptsSeconds: number;
}

/** One source video, before or after its download. Plain JSON. */
export interface VideoReference {
  videoKey: string;
  source: 'file' | 'url' | 'search';
  /** Absolute path, once there is a file. */
  file?: string;
  /** Of a local file, lower-case hex. */
  contentSha256?: string;
  url?: string;
  /** What the site calls it. */
  siteId?: string;
  title?: string;
  channel?: string;
  licence?: string;
  durationSeconds?: number;
  /** `yyyymmdd` */
  uploadDate?: string;
  /** The search that found it. */
  query?: string;
}
