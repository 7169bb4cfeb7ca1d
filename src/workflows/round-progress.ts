import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { RoundPlan, VideoResult } from '../activities/types.js';
import type { AnnotationProgress, RoundProgress, Stage } from './messages.js';
import { searchAttributes } from './search-attributes.js';

/** Keeps what the `progress` query answers, and shows the same in the Temporal UI. */
export class ProgressTracker {
  readonly current: RoundProgress = {
    stage: 'planning',
    paused: false,
    videos: { found: 0, done: 0, failed: 0, inFlight: [] },
    frames: { sampled: 0, selected: 0 },
    preLabels: 0,
  };

  /** The stage that can be searched for; undefined: the namespace does not know the attributes. */
  private searchable?: Stage;

  update(change: Partial<RoundProgress>): void {
    Object.assign(this.current, change);
    setCurrentDetails(describeProgress(this.current));
    if (this.searchable !== undefined && this.searchable !== this.current.stage) {
      this.searchable = this.current.stage;
      upsertSearchAttributes([{ key: searchAttributes.stage, value: this.searchable }]);
    }
  }

  /** From now on the stage is a search attribute, too. */
  publish({ roundId, model }: RoundPlan): void {
    this.searchable = this.current.stage;
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: this.searchable },
      { key: searchAttributes.round, value: roundId },
      ...(model === undefined ? [] : [{ key: searchAttributes.model, value: model }]),
    ]);
  }

  /** The task that people work on now, which may have taken the place of another. */
  assign(task: { taskId: number; taskUrl: string }, jobsTotal = 0): void {
    this.update({ task: { id: task.taskId, url: task.taskUrl, jobsDone: 0, jobsTotal } });
    if (this.searchable !== undefined) upsertSearchAttributes([{ key: searchAttributes.task, value: task.taskId }]);
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
