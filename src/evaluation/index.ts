/** How good a detector is: what it says of frames against what is there. */
export { averagePrecision, meanAveragePrecision, type EvaluatedFrame } from './average-precision.js';
