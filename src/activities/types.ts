/** What passes between the workflows and the activities: small JSON, since all of it is kept in the history. */
import type { ConfigOverrides, StepName } from '../config/index.js';
import type { VideoReference } from '../video/index.js';

/** Input of `ActiveLearningWorkflow`; with none, the worker's configuration holds. */
export interface RoundInput {
  /** Overrides of the configuration, in the shape of the file. */
  config?: ConfigOverrides;
  /** Files, folders, globs or URLs to take instead of the configured sources. */
  videos?: string[];
}

/** Task queues for the steps that need the files of one host. */
export interface HostQueues {
  /** Annotation server and catalog. */
  io: string;
  /** Searches and downloads. */
  sites: string;
  /** Decoding, predicting, training: what needs the processor. */
  media: string;
}

/** What a round will do. Everything else about it is in `<folder>/round.json`, which the activities read themselves. */
export interface RoundPlan {
  roundId: string;
  /** Absolute path of `rounds/<roundId>`. */
  folder: string;
  steps: Record<StepName, boolean>;
  concurrentVideos: number;
  pollSeconds: number;
  /** Looks that find nothing new come more and more seldom, up to this. */
  longestPollSeconds?: number;
  deadlineSeconds: number;
  /** Finished jobs come home when the deadline passes. */
  takeCompletedAtDeadline?: boolean;
  /** Finished jobs come home while others are open. */
  takeJobsAsFinished?: boolean;
  /** Whether a model is trained after the dataset has grown. */
  train?: boolean;
  /** Where the rest of the round is done; none: where its workflow is. */
  queues?: HostQueues;
  /** File name of the model and the first 12 digits of its SHA-256; none where no model is needed. */
  model?: string;
  /** Whether the namespace knows our search attributes. */
  searchAttributes?: boolean;
  /** What the Temporal UI shows of the round for good; absent in plans of earlier releases. */
  memo?: Record<string, string>;
  /** Set when the round must not start, with the reason in words. */
  skip?: string;
}

/** Names the round for an activity. */
export interface RoundReference {
  roundId: string;
  folder: string;
}

export interface SkippedVideo {
  video: string;
  code: string;
  message: string;
}

export interface VideoList {
  videos: VideoReference[];
  skipped: SkippedVideo[];
}

export interface VideoInput {
  round: RoundReference;
  video: VideoReference;
  steps: RoundPlan['steps'];
  queues?: HostQueues;
}

export interface VideoResult {
  videoKey: string;
  frames: number;
  detections: number;
  /** Frames in which the model found something. */
  framesWithDetections: number;
  /** Frames that were decoded and left out: plain ones, and ones that look like an earlier one of the video. */
  rejected?: { blank: number; duplicate: number };
  /** Absolute path of the video's candidates, JSON Lines; none when processing is switched off. */
  candidates?: string;
}

export interface SelectionResult {
  candidates: number;
  selected: number;
  rejected: { reason: string; count: number }[];
}

/** A filled annotation task. */
export interface AnnotationTask {
  round: RoundReference;
  taskId: number;
  taskUrl: string;
}

export interface UploadResult extends AnnotationTask {
  frames: number;
  jobs: number;
}

/** Input of `AnnotationWorkflow`. */
export interface AnnotationInput extends AnnotationTask {
  pollSeconds: number;
  longestPollSeconds?: number;
  deadlineSeconds: number;
  /** Workflow that wants to know how far the people are. */
  reportTo?: string;
  queues?: HostQueues;
}

export interface TaskReading {
  state: 'open' | 'complete' | 'deleted' | 'replaced';
  jobsDone: number;
  jobsTotal: number;
  /** Jobs that a reviewer sent back. */
  jobsRejected?: number;
  /** The task that took the place of one that is gone. */
  replacement?: { taskId: number; taskUrl: string };
}

export interface AnnotationOutcome {
  outcome: 'complete' | 'timed_out' | 'deleted' | 'replaced';
  jobsDone: number;
  jobsTotal: number;
  replacement?: TaskReading['replacement'];
}

/** Input of `WebhookHintWorkflow`. */
export interface WebhookHintInput {
  taskId: number;
}

export interface DownloadRequest extends AnnotationTask {
  /** Take what is finished, although the task is not complete. */
  finishedOnly?: boolean;
}

/** What came home; or why nothing did: the task was changed after it had looked complete. */
export type DownloadOutcome = DownloadResult | { changed: 'reopened' | 'deleted' };

export interface DownloadResult {
  reviewed: number;
  empty: number;
  notReviewed: number;
  boxes: number;
  /** What people did to the model's boxes, in the frames where they saw them. */
  changes: BoxChanges;
  /** How the model's boxes compare with those of frames that people labelled without seeing them. */
  blind?: { frames: number; changes: BoxChanges };
  warnings: string[];
}

export interface BoxChanges {
  kept: number;
  moved: number;
  relabelled: number;
  deleted: number;
  added: number;
}

export interface CleanResult {
  kept: number;
  dropped: { reason: string; count: number }[];
  mendedBoxes: number;
}

export interface DatasetResult {
  folder: string;
  version: string;
  added: number;
  replaced: number;
  /** Reviewed again and not wanted any more. */
  removed?: number;
  /** Would have put a picture on two sides of the split. */
  refused?: number;
  frames: number;
  boxes: number;
  bySplit: Record<'train' | 'val' | 'test', number>;
}

/** Pages that show what came of a round. Absolute paths. */
export interface ReportResult {
  file: string;
  /** The one over all rounds. */
  dataset?: string;
}

/** What became of training. A trainer that fails does not fail the round: its frames are in the dataset already. */
export type TrainingResult =
  | {
      /** Absolute path. */
      model: string;
      sha256: string;
      /** Whether the next round uses it. */
      accepted: boolean;
      reason: string;
      /** mAP50 on the frames of the dataset that no model is trained on, 0..1. */
      newScore?: number;
      currentScore?: number;
    }
  | { failed: { code: string; message: string } };

/** Result of `ActiveLearningWorkflow`. */
export interface RoundResult {
  roundId: string;
  state: 'finished' | 'skipped' | 'timed_out' | 'task_deleted';
  /** Why it ended as it did, in words. */
  message: string;
  videos: { found: number; processed: number; failed: SkippedVideo[]; skipped: SkippedVideo[] };
  frames: { sampled: number; withDetections: number; selected: number; rejected: SelectionResult['rejected'] };
  task?: { id: number; url: string; frames: number; preLabels: number };
  review?: DownloadResult;
  clean?: CleanResult;
  dataset?: DatasetResult;
  training?: TrainingResult;
  /** A report that fails does not fail the round: it can be made again with `frameloop report`. */
  report?: ReportResult | { failed: { code: string; message: string } };
}
