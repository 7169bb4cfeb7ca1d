/**
 * Where a video stands.
 * `claimed`: a round works on it; `processed`: its candidates are known; `failed`: it will not be tried again;
 * `released`: the round that had it ended without it, so the next one takes it.
 */
export type VideoState = 'claimed' | 'processed' | 'failed' | 'released';

/** Where a frame stands, from sampled to what people made of it. */
export type FrameState = 'candidate' | 'selected' | 'uploaded' | 'reviewed' | 'empty' | 'not_reviewed';

/** Where a round stands. `uploaded`: its task is filled but nobody waits for it (the step was switched off). */
export type RoundState = 'running' | 'waiting' | 'uploaded' | 'finished' | 'skipped' | 'failed' | 'cancelled';

export interface VideosTable {
  key: string;
  source: string;
  url: string | null;
  title: string | null;
  channel: string | null;
  licence: string | null;
  query: string | null;
  durationSeconds: number | null;
  /** What the site calls it. */
  siteId: string | null;
  /** `yyyymmdd` */
  uploadDate: string | null;
  /** Of the file as it came; two videos never have the same. */
  sha256: string | null;
  path: string | null;
  state: VideoState;
  claimedByRound: string | null;
  /** `CODE: message` of the last failure. */
  failure: string | null;
}

/** Local files that were read, as they were then. */
export interface FilesTable {
  path: string;
  sizeBytes: number;
  modifiedMs: number;
  sha256: string;
}

export interface FramesTable {
  id: string;
  videoKey: string;
  ptsMs: number;
  width: number;
  height: number;
  sha256: string;
  /** 64-bit perceptual hash, 16 hex digits. */
  hash: string;
  /** The round whose candidate it is. */
  roundId: string;
  state: FrameState;
  reason: string | null;
  score: number | null;
  split: string | null;
}

export interface RoundsTable {
  id: string;
  workflowId: string;
  runId: string;
  state: RoundState;
  /** Absolute path of `rounds/<id>`. */
  folder: string;
  taskId: number | null;
  taskUrl: string | null;
  modelSha256: string | null;
  /** The result of the round, JSON; `{}` while it runs. */
  counts: string;
  startedAt: string;
  endedAt: string | null;
}

export interface Database {
  videos: VideosTable;
  files: FilesTable;
  frames: FramesTable;
  rounds: RoundsTable;
}
