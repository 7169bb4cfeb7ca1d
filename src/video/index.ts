export { sampleFrames, type SampleOptions } from './frames.js';
export { videoKeyOfFile, videoKeyOfUrl } from './keys.js';
export { normaliseVideo, type NormaliseOptions } from './normalise.js';
export type { NormaliseAction } from './normalise-plan.js';
export { assertUsable, probeVideo } from './probe.js';
export type { VideoProbe, VideoReference } from './types.js';
