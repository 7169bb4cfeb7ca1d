export { sampleFrames, type SampleOptions } from './frames.js';
export { videoKeyOfFile, videoKeyOfUrl } from './keys.js';
export { normaliseVideo } from './normalise.js';
export { assertUsable, probeVideo } from './probe.js';
export { downloadVideo } from './sources/download.js';
export { listLocalVideos } from './sources/local.js';
export { listUrl } from './sources/url.js';
export { searchVideos, type SearchOptions } from './sources/youtube.js';
export type { VideoProbe, VideoReference } from './types.js';
