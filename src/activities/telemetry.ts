import { asyncLocalStorage, metricMeter } from '@temporalio/activity';

/**
 * The numbers that the activities count, beside the SDK's own: where the worker exports metrics, they come out with them.
 * Names and labels are what dashboards and alerts are made of: docs/observability.md lists them.
 *
 * A step that runs twice, since a worker died, may be counted twice. What must be exact is read from the catalog.
 */
const counters = {
  /** `outcome`: processed, failed (not tried again), released (left to the next round). */
  videos: ['frameloop_videos_ended', 'Videos by what became of them'],
  /** `outcome`: sampled, blank, duplicate, selected, reviewed. */
  frames: ['frameloop_frames', 'Frames by what became of them'],
  inferences: ['frameloop_inferences', 'Pictures that the model predicted'],
  detections: ['frameloop_detections', 'Boxes that the model found'],
  /** `state`: how they ended. */
  rounds: ['frameloop_rounds_ended', 'Rounds that ended'],
  /** `code`, see docs/troubleshooting.md; `activity`; `retryable`. */
  errors: ['frameloop_errors', 'Attempts of activities that failed'],
} as const;

/** Adds to a counter. Called outside Temporal, by a single step of the command line, it does nothing. */
export function count(
  counter: keyof typeof counters,
  value: number,
  labels: Record<string, string | boolean> = {},
): void {
  if (value <= 0 || asyncLocalStorage.getStore() === undefined) return;
  const [name, description] = counters[counter];
  metricMeter.createCounter(name, undefined, description).add(value, labels);
}

/** From the moment people could begin until their labels were brought home. */
export function observeAnnotation(seconds: number): void {
  if (asyncLocalStorage.getStore() === undefined) return;
  const description = 'From the filled task to the labels at home';
  metricMeter.createHistogram('frameloop_annotation', 'float', 'seconds', description).record(Math.max(0, seconds));
}
