import type { ActivityInterceptors } from '@temporalio/worker';

/** What an activity is asked for, as far as a line of the log names it. */
interface Request {
  round?: { roundId?: string };
  video?: { videoKey?: string };
  videoKey?: string;
}

/** Every line that an activity logs says for which round and video it works; the SDK adds the attempt and the rest. */
export function namesRoundAndVideo(): ActivityInterceptors {
  let names: { round?: string; video?: string } = {};
  return {
    inbound: {
      execute(input, next) {
        names = namesOf(input.args);
        return next(input);
      },
    },
    outbound: { getLogAttributes: (input, next) => next({ ...input, ...names }) },
  };
}

/** The round and the video that the arguments of an activity name. */
export function namesOf(args: readonly unknown[]): { round?: string; video?: string } {
  const [{ round, video, videoKey = video?.videoKey } = {}] = args as [Request?];
  return { ...(round?.roundId && { round: round.roundId }), ...(videoKey && { video: videoKey }) };
}

/** The same for what workflows and the SDK itself log: their ids say it. */
export function namesFromWorkflow({
  workflowId,
  workflowType,
}: {
  workflowId?: unknown;
  workflowType?: unknown;
}): object {
  if (typeof workflowId !== 'string') return {};
  if (workflowType === 'ActiveLearningWorkflow') return { round: workflowId };
  return workflowType === 'VideoWorkflow' ? { video: workflowId.replace(/^video-/, '') } : {};
}
