import { setCurrentDetails } from '@temporalio/workflow';
import type { VideoResult } from '../activities/types.js';
import type { AnnotationProgress, RoundProgress, Stage } from './messages.js';

/** Keeps what the `progress` query answers, and shows the same in the Temporal UI. */
export class ProgressTracker {
  readonly current: RoundProgress = {
    stage: 'planning',
    paused: false,
    videos: { found: 0, done: 0, failed: 0, inFlight: [] },
    frames: { sampled: 0, selected: 0 },
    preLabels: 0,
  };

  update(change: Partial<RoundProgress>): void {
    Object.assign(this.current, change);
    setCurrentDetails(describeProgress(this.current));
  }

  enter(stage: Stage): void {
    this.update({ stage });
  }

  videoStarted(videoKey: string): void {
    const { videos } = this.current;
    this.update({ videos: { ...videos, inFlight: [...videos.inFlight, videoKey] } });
  }

  videoEnded(videoKey: string, result?: VideoResult): void {
    const { videos, frames } = this.current;
    this.update({
      videos: {
        ...videos,
        done: videos.done + (result ? 1 : 0),
        failed: videos.failed + (result ? 0 : 1),
        inFlight: videos.inFlight.filter((key) => key !== videoKey),
      },
      frames: { ...frames, sampled: frames.sampled + (result?.frames ?? 0) },
    });
  }

  annotated({ jobsDone, jobsTotal }: AnnotationProgress): void {
    const { task } = this.current;
    if (task) this.update({ task: { ...task, jobsDone, jobsTotal } });
  }
}

/** Markdown for the Temporal UI. */
function describeProgress({ stage, paused, videos, frames, task, waiting }: RoundProgress): string {
  const lines = [
    `**${stage}**${paused ? ' (paused: no new videos)' : ''}`,
    `videos: ${videos.done} of ${videos.found} done, ${videos.failed} failed`,
    `frames: ${frames.sampled} sampled, ${frames.selected} selected`,
  ];
  if (task) lines.push(`[task ${task.id}](${task.url}): ${task.jobsDone} of ${task.jobsTotal} jobs done`);
  if (waiting) lines.push(`waiting since ${waiting.since}, looking every ${waiting.pollSeconds} s`);
  return lines.join('  \n');
}
