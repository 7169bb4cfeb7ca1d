/** How good a detector is: what it says of frames against what is there. */
export { averagePrecision, meanAveragePrecision } from './average-precision.js';
export { agreementByClass, measureAgreement, type MeasuredAgreement } from './agreement.js';
export { measureCalibration, suggestThresholds, type Calibration, type SuggestedThreshold } from './calibration.js';
export { bootstrapInterval, type Interval } from './intervals.js';
export type { EvaluatedFrame } from './matching.js';
