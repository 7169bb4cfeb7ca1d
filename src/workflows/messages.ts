import { defineQuery, defineSignal } from '@temporalio/workflow';

/** Somebody says that annotation may be complete. Only a hint: the annotation server is asked at once, and decides. */
export interface AnnotationHint {
  taskId?: number;
  jobId?: number;
  /** Who says so: `webhook`, `cli`, `ui` … */
  source?: string;
}

/** How far the people are with a task; sent by AnnotationWorkflow to the round that waits. */
export interface AnnotationProgress {
  jobsDone: number;
  jobsTotal: number;
}

export type Stage =
  | 'planning'
  | 'collecting'
  | 'processing'
  | 'selecting'
  | 'uploading'
  | 'waiting'
  | 'downloading'
  | 'merging'
  | 'training'
  | 'finished'
  | 'skipped'
  | 'failed';

/** Answer of the `progress` query. */
export interface RoundProgress {
  roundId?: string;
  stage: Stage;
  paused: boolean;
  videos: { found: number; done: number; failed: number; inFlight: string[] };
  frames: { sampled: number; selected: number };
  preLabels: number;
  task?: { id: number; url: string; jobsDone: number; jobsTotal: number };
  /** ISO time since when the round waits for people, and how often it looks by itself. */
  waiting?: { since: string; pollSeconds: number };
}

export const annotationCompleted = defineSignal<[hint?: AnnotationHint]>('annotationCompleted');
export const annotationProgress = defineSignal<[AnnotationProgress]>('annotationProgress');
export const pause = defineSignal('pause');
export const resume = defineSignal('resume');
export const progress = defineQuery<RoundProgress>('progress');
