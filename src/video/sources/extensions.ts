/** Extensions by which files and addresses are taken for videos. */
export const videoExtensions: readonly string[] = [
  ...['mp4', 'm4v', 'mov', 'mkv', 'webm', 'avi', 'ts', 'm2ts', 'mts', 'mpg', 'mpeg', 'wmv', 'flv', '3gp', 'ogv'],
];

/** Whether a path, without query or fragment, ends as a video's does. */
export function hasVideoExtension(pathname: string): boolean {
  const extension = /\.([^./\\]+)$/.exec(pathname)?.[1]?.toLowerCase();
  return extension !== undefined && videoExtensions.includes(extension);
}
