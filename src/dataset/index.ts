export { cleanFrames, type CleanFrames, type CleanPolicy, type DroppedFrame } from './clean.js';
export { compareWithPreLabels, intersectionOverUnion } from './compare.js';
export { mergeIntoDataset, type MergeRequest, type MergeResult } from './merge.js';
export type { SplitShares } from './split.js';
export { datasetStats, type DatasetStats } from './stats.js';
export type { AnnotatedFrame, DatasetRecord, Provenance, ReviewChange, Split } from './types.js';
export { validateDataset, type DatasetValidation } from './validate.js';
