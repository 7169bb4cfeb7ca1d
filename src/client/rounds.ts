import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure, ChildWorkflowFailure } from '@temporalio/common';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { randomBytes } from 'node:crypto';
import type { FailureDetails } from '../activities/failure.js';
import type { RoundInput, RoundResult } from '../activities/types.js';
import { PipelineError } from '../common/errors.js';
import { defaultTaskQueue } from '../workers/task-queues.js';
import type { ActiveLearningWorkflow } from '../workflows/active-learning.js';
import type { RoundProgress } from '../workflows/messages.js';

export type RoundHandle = WorkflowHandle<typeof ActiveLearningWorkflow>;

/** `active-learning-<yyyymmdd>-<hhmmss>-<4 hex>`, in UTC. */
export function newWorkflowId(now = new Date()): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  return `active-learning-${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
}

export async function startRound(client: Client, workflowId: string, input: RoundInput, taskQueue = defaultTaskQueue) {
  try {
    return await client.workflow.start<typeof ActiveLearningWorkflow>('ActiveLearningWorkflow', {
      workflowId,
      taskQueue,
      args: [input],
      staticSummary: input.videos ? `${input.videos.length} named videos` : 'configured sources',
      staticDetails: describeInput(input),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new PipelineError('ROUND_RUNS_ALREADY', `A round with the id ${workflowId} is running.`, {
      hint: `See it with \`frameloop status ${workflowId}\`, or start one with another id.`,
      cause: error,
    });
  }
}

/** Markdown for the Temporal UI: what this round was told. */
export function describeInput({ videos = [], config }: RoundInput): string {
  const shown = videos.slice(0, 20).map((video) => `- \`${video}\``);
  if (videos.length > shown.length) shown.push(`- and ${videos.length - shown.length} more`);
  if (config)
    shown.push('Other settings than in the configuration:', '```json', JSON.stringify(config, null, 2), '```');
  return shown.join('\n');
}

export function roundHandle(client: Client, workflowId: string): RoundHandle {
  return client.workflow.getHandle<typeof ActiveLearningWorkflow>(workflowId);
}

/** Temporal lists those that run first, then the others by their end: the one that began last is among so many. */
const newestAmong = 100;

/** The round that began last, of those that Temporal knows; undefined when there was none. */
export async function newestRound(client: Client): Promise<string | undefined> {
  const query = "WorkflowType = 'ActiveLearningWorkflow'";
  let newest: { workflowId: string; startTime: Date } | undefined;
  let seen = 0;
  for await (const round of client.workflow.list({ query, pageSize: newestAmong })) {
    if (newest === undefined || round.startTime > newest.startTime) newest = round;
    if (++seen === newestAmong) break;
  }
  return newest?.workflowId;
}

/** For a round that the catalog of this data folder does not have. */
export function unknownRound(dataFolder: string, id: string): PipelineError {
  return new PipelineError('ROUND_UNKNOWN', `There is no round ${id} in ${dataFolder}.`, {
    hint: '`frameloop rounds` lists the rounds.',
  });
}

/** Talks to a round; an unknown id becomes a clear error. */
export async function withRound<T>(workflowId: string, talk: () => Promise<T>): Promise<T> {
  try {
    return await talk();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new PipelineError('ROUND_NOT_FOUND', `There is no running round with the id ${workflowId}.`, {
      hint: '`frameloop rounds` lists the rounds.',
      cause: error,
    });
  }
}

export async function readProgress(handle: RoundHandle): Promise<RoundProgress> {
  return handle.query<RoundProgress>('progress');
}

/** Frames of the videos in work that are finished so far, as the heartbeats of their activities say. */
export async function readFramesInWork(handle: RoundHandle, { videos }: RoundProgress): Promise<number> {
  const counts = videos.inFlight.map(async (videoKey) => {
    const { raw } = await handle.client.getHandle(`video-${videoKey}`).describe();
    const { payloadConverter, payloadCodecs } = handle.client.options.loadedDataConverter;
    const frames = (raw.pendingActivities ?? []).map(async ({ heartbeatDetails }) => {
      let payloads = heartbeatDetails?.payloads ?? [];
      for (const codec of payloadCodecs) payloads = await codec.decode(payloads);
      const [payload] = payloads;
      return payload ? (payloadConverter.fromPayload<{ frames?: number }>(payload).frames ?? 0) : 0;
    });
    return Promise.all(frames);
  });
  return (await Promise.all(counts)).flat().reduce((sum, count) => sum + count, 0);
}

/** When the round that waits for a task looks at it by itself again: the time of the next attempt of its poll. */
export async function readNextPoll(handle: RoundHandle): Promise<string | undefined> {
  const { pendingChildren } = (await handle.describe()).raw;
  const wait = pendingChildren?.find(({ workflowTypeName }) => workflowTypeName === 'AnnotationWorkflow');
  if (!wait?.workflowId) return undefined;
  try {
    const { raw } = await handle.client.getHandle(wait.workflowId).describe();
    const time = raw.pendingActivities?.[0]?.scheduledTime;
    return time?.seconds == null ? undefined : new Date(Number(time.seconds) * 1000).toISOString();
  } catch (error) {
    // The wait has just ended.
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** What keeps a round, or its videos, from going on: the last failure of the activities that are tried again, in words. */
export async function readTroubles(handle: RoundHandle, { videos }: RoundProgress): Promise<string[]> {
  const others = videos.inFlight.map((videoKey) => ({ videoKey, of: handle.client.getHandle(`video-${videoKey}`) }));
  const converter = handle.client.options.loadedDataConverter;
  const read = async (of: Pick<RoundHandle, 'describe'>, where = '') => {
    const { raw } = await of.describe();
    const troubles = (raw.pendingActivities ?? []).map(async ({ activityType, attempt, lastFailure }) => {
      const failure = await decodeOptionalFailureToOptionalError(converter, lastFailure);
      return failure?.message ? [`${activityType?.name}${where}, attempt ${attempt}: ${failure.message}`] : [];
    });
    return (await Promise.all(troubles)).flat();
  };
  // A video may have ended since the reading.
  const ofVideos = others.map(({ videoKey, of }) => read(of, ` of ${videoKey}`).catch(() => []));
  return (await Promise.all([read(handle), ...ofVideos])).flat();
}

/** The result of a round. @throws PipelineError with the code of what made it fail, or ROUND_CANCELLED */
export async function roundResult(handle: RoundHandle): Promise<RoundResult> {
  try {
    return await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    let cause: unknown = error.cause;
    while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
      cause = cause.cause;
    if (cause instanceof CancelledFailure) {
      throw new PipelineError('ROUND_CANCELLED', `The round ${handle.workflowId} was cancelled.`);
    }
    const code = cause instanceof ApplicationFailure && cause.type ? cause.type : 'ROUND_FAILED';
    const details =
      cause instanceof ApplicationFailure ? (cause.details?.[0] as FailureDetails | undefined) : undefined;
    const message = details?.message ?? (cause instanceof Error ? cause.message : error.message);
    throw new PipelineError(code, message, { hint: details?.hint, cause: error });
  }
}
