import type { Detection, RgbImage } from '../common/types.js';

/**
 * How a network lays out its boxes (batch, then the rest):
 * - `yolov8`: `[1, 4 + classes, anchors]`, centre x, centre y, width, height in network pixels, then class scores
 * - `yolov5`: `[1, anchors, 5 + classes]`, the same with an objectness before the class scores
 * - `yolox`: like `yolov5`, but fed with BGR 0..255 in the top left corner, and boxes mostly relative to the grid
 * - `end2end`: `[1, boxes, 6]`, corners in network pixels, score, class; overlapping boxes are already gone
 * - `rtdetr`: `[1, boxes, 4 + classes]` or `[1, boxes, 6]` (score, class), centre and size as shares of the picture,
 *   which is stretched to the input
 * - `detr`: three outputs `labels`, `boxes` (corners in pixels of the picture) and `scores`, `[1, boxes]` each
 */
export type OutputLayout = 'yolov8' | 'yolov5' | 'yolox' | 'end2end' | 'rtdetr' | 'detr';

/** What computes. `auto`: CUDA where ONNX Runtime brings it, else the CPU. */
export type Device = 'auto' | 'cpu' | 'cuda' | 'coreml' | 'directml' | 'webgpu';

/** What can be said about a model before it has seen a picture. */
export interface ModelInfo {
  /** Absolute path. */
  file: string;
  sha256: string;
  /** One name per class the network tells apart. */
  names: string[];
  /** Pixels. For a dynamic model: the longest side a picture is scaled to. */
  inputWidth: number;
  inputHeight: number;
  /** Whether the network takes pictures of any size. */
  dynamic: boolean;
  layout: OutputLayout;
  /** The strings that the exporter left in the file. */
  metadata: Record<string, string>;
  /** What was assumed or could not be had, in sentences for the user. */
  warnings: string[];
}

export interface DetectorOptions {
  /** An ONNX file. */
  model: string;
  /** Boxes must score higher than this. Default 0.25, as in Ultralytics' `predict`. */
  confidence?: number;
  /** Of two boxes of a class that overlap more than this, the weaker goes. Default 0.7, as in Ultralytics' `predict`. */
  iou?: number;
  /** Boxes of different classes suppress each other too. Default false. */
  agnostic?: boolean;
  /** Default 300. */
  maxDetections?: number;
  /** Longest side in pixels, for models that take any size. Default 640. */
  imageSize?: number;
  /** Keep only these labels. Default: all. */
  classes?: string[];
  /** The names of the classes, where the model does not carry them. */
  labels?: string[];
  /** Default: recognised from the model. */
  layout?: OutputLayout;
  /**
   * `exact` (default) scales byte for byte as OpenCV does. `fast` decodes large JPEG files at a half, a quarter or an
   * eighth of their size first: boxes may differ by some pixels.
   */
  resize?: 'exact' | 'fast';
  /** Pictures worked on at the same time. Default: the available cores, at most 4. */
  threads?: number;
  /** Default `auto`. */
  device?: Device;
}

export interface Prediction {
  /** Pixels of the picture as it is meant to be seen (EXIF orientation applied). */
  width: number;
  height: number;
  /** In pixels of the original, best first. Clipped to the picture, except where the model's own tool does not: `rtdetr`, `detr`. */
  detections: Detection[];
  /** How many of the detections are of which label. */
  classHistogram: Record<string, number>;
  /** 64-bit difference hash, 16 hex digits. */
  perceptualHash: string;
  /** What the picture looks like: 112 numbers of Euclidean length 1, see `embedPicture`. A small distance = looks alike. */
  embedding: number[];
  /** Of the model that made the prediction. */
  modelSha256: string;
}

export interface DetectCallOptions {
  signal?: AbortSignal;
  /**
   * The caller gives the pixels away: their `ArrayBuffer` is moved to the thread instead of copied, and empty
   * afterwards. A picture that was given away cannot be tried again when its thread crashes.
   */
  transfer?: boolean;
}

export interface Detector {
  readonly model: ModelInfo;
  /** Pictures worked on at the same time: a caller with many keeps a few more than this in flight, not all. */
  readonly threads: number;
  /**
   * @param picture a file, or pixels that are already decoded. Pixels in a `SharedArrayBuffer` are not copied on their
   *   way to the thread, and must stay as they are until the result is there.
   * @throws PipelineError IMAGE_UNREADABLE, DETECTOR_FAILED, DETECTOR_THREAD_CRASHED (retryable), DETECTOR_CLOSED;
   *   the signal's reason when it was aborted.
   */
  detect(picture: string | RgbImage, options?: DetectCallOptions): Promise<Prediction>;
  /** Ends the threads. Pictures in work are given up with DETECTOR_CLOSED. */
  close(): Promise<void>;
}

/** A width and a height in pixels. */
export interface Size {
  width: number;
  height: number;
}

export type { RgbImage } from '../common/types.js';
