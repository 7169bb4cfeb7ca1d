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
  /** What the picture looks like, as a vector of length 1: near = looks alike. Frames of earlier versions have none. */
  embedding?: number[];
  /** Best first. */
  detections: Detection[];
  modelSha256: string;
}

/** What a frame's score is made of, kept so that it can be seen what each part would have chosen. Ranges: docs/selection.md. */
export interface ComponentScores {
  /** Binary entropy of the boxes' confidences in bits: their sum, the greatest, and the mean. */
  entropySum: number;
  entropyMax: number;
  entropyMean: number;
  /** Entropy of boxes of classes that people had to correct often. */
  difficulty: number;
  /** How many objects of rare classes the frame seems to show. */
  rarity: number;
  /** Boxes that come and go between neighbouring frames. */
  flicker: number;
  /** How far the picture was from everything labelled or chosen before it, 0..1; only of frames chosen for diversity. */
  novelty?: number;
}

/** A candidate that goes to people. One line of `selection.jsonl`. */
export interface SelectedFrame extends Candidate {
  /** Which share of the budget chose it. */
  arm: 'all' | 'chosen' | 'control' | 'explore';
  /** The weighted sum of its component scores. */
  score: number;
  scores?: ComponentScores;
  /** In words, for the person who labels it. */
  reason: string;
  /** Sent without the model's boxes, to see what people find when nothing is suggested to them. */
  blind?: boolean;
}

/** What became of a frame that was sent to people. `empty` = a person looked and left nothing; that is a negative. */
export type ReviewState = 'reviewed' | 'empty' | 'not_reviewed';

export interface ReviewedFrame {
  frameId: string;
  state: ReviewState;
  boxes: LabelledBox[];
  /** The job of the annotation server in which it was reviewed, where that is known. */
  jobId?: number;
}
