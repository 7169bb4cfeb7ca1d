/** Object detection: an ONNX model and a picture in, boxes out. */
export { createDetector } from './detector.js';
export { drawDetections } from './draw/draw-detections.js';
export { toLabelLines } from './label-file.js';
export { readModel } from './model.js';
export type {
  DetectCallOptions,
  Detector,
  DetectorOptions,
  Device,
  ModelInfo,
  OutputLayout,
  Prediction,
} from './types.js';
