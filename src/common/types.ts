/** The data that passes between the steps of a round. Plain JSON: it is written to files and returned by activities. */

/** A box in pixels of the frame at its original size; (x1, y1) is the top left corner. */
export interface PixelBox {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** One detected object. `confidence` lies in 0..1. */
export interface Detection extends PixelBox {
  classId: number;
  label: string;
  confidence: number;
}

/** One object as a person left it. */
export interface LabelledBox extends PixelBox {
  label: string;
}

/** A picture in memory: 8-bit RGB, row by row from the top, three bytes per pixel. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** One frame that was taken from a video. */
export interface Frame {
  /** `<videoKey>_<pts in ms, 9 digits>` */
  frameId: string;
  videoKey: string;
  /** Presentation time of the frame really taken, in seconds from the start of the video. */
  ptsSeconds: number;
  width: number;
  height: number;
  /** Absolute path of the JPEG `<frameId>.jpg`. */
  file: string;
}

/** A frame that was sampled and predicted, before anyone chose it. One line of `candidates.jsonl`. */
export interface Candidate extends Frame {
  sha256: string;
  /** 64-bit difference hash of the picture, 16 hex digits: small Hamming distance = looks alike. */
  perceptualHash: string;
  /** Best first. */
  detections: Detection[];
  modelSha256: string;
}

/** A candidate that goes to people. One line of `selection.jsonl`. */
export interface SelectedFrame extends Candidate {
  /** Which share of the budget chose it. */
  arm: 'all' | 'chosen' | 'control' | 'explore';
  score: number;
  /** In words, for the person who labels it. */
  reason: string;
}

/** What became of a frame that was sent to people. `empty` = a person looked and left nothing; that is a negative. */
export type ReviewState = 'reviewed' | 'empty' | 'not_reviewed';

export interface ReviewedFrame {
  frameId: string;
  state: ReviewState;
  boxes: LabelledBox[];
}
