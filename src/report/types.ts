import type { ComponentScores, Detection, LabelledBox, ReviewState } from '../common/types.js';
import type { DatasetRecord, LeakCheck, VersionEntry } from '../dataset/index.js';

/** A frame that went to people, and what came back. */
export interface ReportFrame {
  frameId: string;
  videoKey: string;
  ptsSeconds: number;
  width: number;
  height: number;
  /** The JPEG; a report shows what is still there. */
  file: string;
  arm: 'all' | 'chosen' | 'control' | 'explore';
  blind: boolean;
  score: number;
  scores?: ComponentScores;
  reason: string;
  /** Everything the model said. */
  detections: Detection[];
  /** What people were shown of it; nothing where the frame was blind. */
  shown: LabelledBox[];
  /** Absent while the labels are not home. */
  state?: ReviewState;
  /** What people left. */
  boxes: LabelledBox[];
}

export interface ReportRound {
  roundId: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  modelSha256?: string;
  frames: ReportFrame[];
}

/** Where footage came from and how much there was. */
export interface ReportVideo {
  videoKey: string;
  title?: string;
  query?: string;
  durationSeconds?: number;
  /** Frames that were sampled of it. */
  sampled: number;
  roundId: string;
}

/** What remained after each step of a round, and why the others went. */
export interface Funnel {
  steps: { label: string; count: number }[];
  leftOut: { step: string; reason: string; count: number }[];
}

export interface ReportDataset {
  version: string;
  names: string[];
  records: DatasetRecord[];
  versions: VersionEntry[];
  leakCheck: LeakCheck;
  /** Shares that the split should have. */
  wanted: { val: number; test: number };
}

/** Everything a report is made of. */
export interface ReportInput {
  /** The round that it is about; without it, all of them. */
  roundId?: string;
  /** Oldest first; of a report about a round, up to that round. */
  rounds: ReportRound[];
  videos: ReportVideo[];
  funnel?: Funnel;
  /** Classes in the order of their ids. */
  labels: string[];
  /** Absent before the first labels are home. */
  dataset?: ReportDataset;
}
