/** The external programs that the project starts. */
export type ToolName = 'ffmpeg' | 'ffprobe' | 'yt-dlp' | 'temporal';

/** A program that was found, started once and is recent enough. */
export interface Tool {
  name: ToolName;
  /** Absolute path of the executable. */
  path: string;
  /** As the program states it. Builds of FFmpeg from its development branch state `N-<number>-g<commit>`. */
  version: string;
  source: 'environment' | 'path' | 'project';
}
