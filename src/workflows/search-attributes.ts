import { defineSearchAttributeKey } from '@temporalio/common';

/** By these the Temporal UI and `temporal workflow list --query` find rounds, their videos and their waits. */
export const searchAttributes = {
  /** Where a round stands; see `Stage`. */
  stage: defineSearchAttributeKey('FrameloopStage', 'KEYWORD'),
  /** File name of the model, and the first 12 digits of its SHA-256. */
  model: defineSearchAttributeKey('FrameloopModel', 'KEYWORD'),
  round: defineSearchAttributeKey('FrameloopRound', 'KEYWORD'),
  /** Number of the task on the annotation server. */
  task: defineSearchAttributeKey('FrameloopTask', 'INT'),
} as const;
