/**
 * yt-dlp's options for which of a site's formats is taken: pictures without sound where there are such, H.264 first
 * (everything downstream takes it as it is), never above `maxHeight` pixels, and of what remains the highest.
 */
export function formatSelection(maxHeight: number): string[] {
  const h264 = "[vcodec~='^(avc|h264)']";
  const upTo = `[height<=${maxHeight}]`;
  const formats = [
    `bv${h264}${upTo}`,
    `bv${upTo}`,
    `bv*${h264}${upTo}`,
    `bv*${upTo}`,
    // `?`: also of unknown height. A direct link is so, and has no other format: the download looks at what came.
    `bv*[height<=?${maxHeight}]`,
  ];
  return ['--format', formats.join('/'), '--format-sort', `res:${maxHeight},fps:30`];
}
