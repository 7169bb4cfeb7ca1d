/** Steps of a round that the command line also does by themselves, without Temporal. */
export { clearEmptyLabels, mergeDataset, buildFromRounds } from './grow-dataset.js';
export { requireKnownClasses } from './class-names.js';
export { downloadLabels } from './download-labels.js';
export { Resources } from './resources.js';
export { readRoundFile } from './round-file.js';
export { isWaitedFor } from './open-waits.js';
export { isRunning } from './running-workflow.js';
export { chooseFrames, settingsOf } from './select-frames.js';
export type { AnnotationTask, RoundReference } from './types.js';
export { writeReport } from './write-report.js';
