export { cleanFrames } from './clean.js';
export { compareWithPreLabels } from './compare.js';
export { mergeIntoDataset, type MergeRequest, type MergeResult } from './merge.js';
export { datasetStats } from './stats.js';
export { heldOutFrames, type HeldOutFrames } from './held-out.js';
export type { AnnotatedFrame, Split } from './types.js';
export { validateDataset } from './validate.js';
