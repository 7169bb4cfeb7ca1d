import type { ComponentScores, Detection, LabelledBox, ReviewState } from '../common/types.js';

/** The sides of the dataset. A video is on one side as a whole, and stays there. */
export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Where a frame comes from and why it was labelled. */
export interface Provenance {
  videoKey: string;
  url?: string;
  title?: string;
  licence?: string;
  channel?: string;
  query?: string;
  round: string;
  taskId?: number;
  jobId?: number;
  modelSha256: string;
  score?: number;
  scores?: ComponentScores;
  reason?: string;
  arm?: string;
  ptsSeconds: number;
  /** People labelled the frame without seeing the model's boxes. */
  blind?: boolean;
}

/** A frame after people have seen it. */
export interface AnnotatedFrame {
  frameId: string;
  videoKey: string;
  /** The JPEG. */
  file: string;
  sha256: string;
  width: number;
  height: number;
  perceptualHash: string;
  state: ReviewState;
  boxes: LabelledBox[];
  preLabels: Detection[];
  provenance: Provenance;
}

/** What a reviewer did to the pre-labels of a frame, in boxes. */
export interface ReviewChange {
  kept: number;
  moved: number;
  relabelled: number;
  deleted: number;
  added: number;
}

/** One line of `manifest.jsonl`: a frame of the dataset with everything known of it. No wall-clock times. */
export interface DatasetRecord {
  frameId: string;
  videoKey: string;
  split: Split;
  sha256: string;
  width: number;
  height: number;
  perceptualHash: string;
  /** Of the label file: the boxes below in YOLO's format. */
  labelSha256: string;
  boxes: LabelledBox[];
  preLabels: Detection[];
  change: ReviewChange;
  provenance: Provenance;
}
