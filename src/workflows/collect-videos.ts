import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { condition, executeChild, isCancellation } from '@temporalio/workflow';
import type { RoundPlan, SkippedVideo, VideoList, VideoResult } from '../activities/types.js';
import { activitiesOn } from './activity-proxies.js';
import { failureCause } from './failure-cause.js';
import type { ProgressTracker } from './round-progress.js';
import { searchAttributes } from './search-attributes.js';
import { VideoWorkflow } from './video.js';

/**
 * What no later round can mend, since the video itself is the reason. Any other failure (a program that is missing, a
 * full disk, a site that wants cookies, a wrong class name) leaves the video to the next round.
 */
const faultsOfTheVideo = new Set([
  'VIDEO_UNUSABLE',
  'VIDEO_DAMAGED',
  'PROGRAM_MEMORY',
  'VIDEO_UNAVAILABLE',
  'VIDEO_RESTRICTED',
  'URL_UNSUPPORTED',
  'FORMAT_UNAVAILABLE',
  'DOWNLOAD_SKIPPED',
  'VIDEO_TOO_LARGE',
  'VIDEO_DUPLICATE',
]);

/** Nothing went wrong with such a video: it was left out. */
const leftOut = new Set(['VIDEO_DUPLICATE', 'SOURCE_PAUSED']);

export interface CollectedVideos {
  results: VideoResult[];
  failed: SkippedVideo[];
  skipped: SkippedVideo[];
}

/** Runs a VideoWorkflow for every video, `plan.concurrentVideos` at a time. A video that fails does not fail the round. */
export async function collectVideos(
  plan: RoundPlan,
  { videos }: VideoList,
  tracker: ProgressTracker,
): Promise<CollectedVideos> {
  const round = { roundId: plan.roundId, folder: plan.folder };
  const { quick } = activitiesOn(plan.queues);
  const waiting = [...videos];
  const collected: CollectedVideos = { results: [], failed: [], skipped: [] };

  async function lane(): Promise<void> {
    for (;;) {
      await condition(() => !tracker.current.paused);
      const video = waiting.shift();
      if (!video) return;
      tracker.videoStarted(video.videoKey);
      try {
        const result = await executeChild(VideoWorkflow, {
          workflowId: `video-${video.videoKey}`,
          args: [{ round, video, steps: plan.steps, queues: plan.queues }],
          staticSummary: video.title ?? video.url ?? video.file,
          ...(plan.searchAttributes && {
            typedSearchAttributes: [{ key: searchAttributes.round, value: plan.roundId }],
          }),
        });
        collected.results.push(result);
        tracker.videoEnded(video.videoKey, result);
      } catch (error) {
        if (isCancellation(error)) throw error;
        const { code, message, permanent } = explain(error);
        await quick.failVideo({ videoKey: video.videoKey, round, failure: `${code}: ${message}`, permanent });
        const list = leftOut.has(code) ? collected.skipped : collected.failed;
        list.push({ video: video.title ?? video.url ?? video.file ?? video.videoKey, code, message });
        tracker.videoEnded(video.videoKey);
      }
    }
  }

  // On cancellation every lane ends before the round gives its videos back: nothing of theirs is running then.
  const lanes = await Promise.allSettled(Array.from({ length: plan.concurrentVideos }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
  return collected;
}

/** The error behind a failed child: its stable code and sentence, and whether trying again could help. */
function explain(error: unknown): { code: string; message: string; permanent: boolean } {
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return { code: 'VIDEO_BUSY', message: 'Another round is working on this video.', permanent: false };
  }
  const { code, message } = failureCause(error);
  return { code, message, permanent: faultsOfTheVideo.has(code) };
}
