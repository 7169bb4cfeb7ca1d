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
