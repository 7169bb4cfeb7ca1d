/**
 * What the review server tells its page beyond CVAT's API, under `/api/frameloop/`. All of it is read-only, except that
 * one signs in and out here.
 */

/** Which page a browser may see, and what it needs for that. */
export interface WireSession {
  signedIn: boolean;
  /** To be sent back as the header X-CSRFToken with everything that changes something. */
  csrfToken?: string;
  /** Names the data folder: what a browser keeps of one must not meet another that happens to have the same address. */
  folderId?: string;
}

/** Why a frame of a task was chosen. */
export interface WireReason {
  /** Index in the task. */
  frame: number;
  frameId: string;
  videoKey: string;
  /** Seconds from the start of the video. */
  ptsSeconds: number;
  /** How much the model has to learn from the frame, by the selection's measure: more is more. */
  score: number;
  reason: string;
  /** Which share of the budget chose it. */
  arm: string;
}

export interface WireReasons {
  roundId: string | null;
  frames: WireReason[];
}

/** The annotations of some frames of a job, as CVAT's API has them. */
export interface WireFrameAnnotations<Annotations> {
  /** Indexes in the task of the first and the last of these frames. */
  from: number;
  to: number;
  annotations: Annotations;
}

/** What a reviewer did to the model's boxes. */
export interface WireChanges {
  kept: number;
  moved: number;
  relabelled: number;
  deleted: number;
  added: number;
}

export type WireStage =
  | 'planning'
  | 'processing'
  | 'selecting'
  | 'uploading'
  | 'waiting'
  | 'merging'
  | 'uploaded'
  | 'finished'
  | 'skipped'
  | 'failed'
  | 'cancelled';

export interface WireRound {
  id: string;
  stage: WireStage;
  startedAt: string | null;
  endedAt: string | null;
  /** How it ended, in words. */
  message: string | null;
  /** Its page in the Temporal UI. */
  temporalUrl: string | null;
  videos: { found: number; done: number; failed: number };
  frames: { sampled: number; selected: number };
  preLabels: number | null;
  /** Its annotation task; `onThisServer` is false where a CVAT elsewhere has it. */
  task: { id: number; onThisServer: boolean; jobsDone: number; jobsTotal: number } | null;
  changes: WireChanges | null;
  dataset: { added: number; frames: number; boxes: number } | null;
  /** mAP50 of the model that was trained after it, 0..1, and whether the next round uses it. */
  model: { score: number | null; accepted: boolean } | null;
}

export interface WireRounds {
  rounds: WireRound[];
}

export type WireSplit = 'train' | 'val' | 'test';

export interface WireDatasetRound {
  id: string;
  frames: number;
  boxes: number;
  bySplit: Record<WireSplit, number>;
  changes: WireChanges;
}

export interface WireDataset {
  /** First 12 hex digits of the manifest's SHA-256; null where there is no dataset yet. */
  version: string | null;
  frames: number;
  boxes: number;
  videos: number;
  bySplit: Record<WireSplit, { frames: number; boxes: number; videos: number }>;
  /** Most boxes first. */
  classes: { label: string; boxes: number; frames: number; bySplit: Record<WireSplit, number> }[];
  /** In the order in which they began. */
  rounds: WireDatasetRound[];
}

export interface WireDatasetFrame {
  frameId: string;
  split: WireSplit;
  width: number;
  height: number;
  round: string;
  reason: string | null;
  boxes: { label: string; x1: number; y1: number; x2: number; y2: number }[];
}

export interface WireDatasetFrames {
  count: number;
  frames: WireDatasetFrame[];
}
