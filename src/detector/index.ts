/** Object detection: an ONNX model and a picture in, boxes out. */
export { createDetector } from './detector.js';
export { readModel } from './model.js';
export type { DetectCallOptions, Detector, DetectorOptions, ModelInfo, OutputLayout, Prediction } from './types.js';
