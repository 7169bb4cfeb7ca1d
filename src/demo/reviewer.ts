import type { CvatClient } from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import type { LabelledBox } from '../common/types.js';
import { correctFrame, type Correction } from './correct.js';
import { withMistakes } from './mistakes.js';

/** What a review changed. `kept`, `moved`, `relabelled` and `deleted` count pre-labels; `added` what they had missed. */
export interface ReviewCounts {
  frames: number;
  kept: number;
  moved: number;
  relabelled: number;
  deleted: number;
  added: number;
  /** How many decisions were wrong: 0 unless the reviewer errs. */
  mistakes: number;
}

export interface ReviewOptions {
  /** Probability that a decision about a box is wrong, 0..1. Default 0. */
  errorRate?: number;
  /** Which decisions are wrong, at the same rate. Default 1. */
  seed?: number;
  signal?: AbortSignal;
}

/** The parts of CVAT's REST API that the reviewer reads and writes. */
interface Shape {
  id?: number;
  type: string;
  frame: number;
  label_id: number;
  points: number[];
  rotation?: number;
  source?: string;
}
interface Annotations {
  shapes: Shape[];
  tags: { id?: number }[];
  tracks: { id?: number; shapes?: { id?: number }[] }[];
}
interface DataMeta {
  frames: { name: string }[] | null;
  deleted_frames?: number[];
}
interface Job {
  id: number;
  state: string;
}

/**
 * Reviews a task as a person would who knows the truth: corrects the pre-labels of every frame, saves, and sets every
 * annotation job to completed. It uses the REST API like any CVAT client, and treats upright rectangles only: everything
 * else in the task stays. May be repeated: a second review finds everything in place (and says so in its counts), unless
 * the reviewer errs.
 *
 * @param truthOf the objects of the frame with this file name, empty when there is nothing to label
 * @throws PipelineError DEMO_TRUTH_UNKNOWN when the truth of a frame is not known, DEMO_LABEL_MISSING when the task lacks
 *   one of its labels; nothing was changed then. What the client throws.
 */
export async function reviewTask(
  client: CvatClient,
  taskId: number,
  truthOf: (frameName: string) => LabelledBox[] | undefined,
  options: ReviewOptions = {},
): Promise<ReviewCounts> {
  const { signal } = options;
  const task = `/api/tasks/${taskId}`;
  const meta = await client.json<DataMeta>('GET', `${task}/data/meta`, { signal });
  const labels = await client.list<{ id: number; name: string }>('/api/labels', { task_id: taskId }, signal);
  const annotations = await client.json<Annotations>('GET', `${task}/annotations`, { signal });

  const review = reviewAnnotations(meta, labels, annotations.shapes, truthOf, options);
  const body = {
    version: 0,
    tags: annotations.tags.map(withoutId),
    tracks: annotations.tracks.map((track) => ({ ...withoutId(track), shapes: track.shapes?.map(withoutId) })),
    shapes: review.shapes,
  };
  await client.json('PUT', `${task}/annotations`, { body, signal });

  const jobs = await client.list<Job>('/api/jobs', { task_id: taskId, type: 'annotation' }, signal);
  for (const job of jobs.sort((a, b) => a.id - b.id)) {
    if (job.state === 'completed') continue;
    await client.json('PATCH', `/api/jobs/${job.id}`, { body: { state: 'completed' }, signal });
  }
  return review.counts;
}

/** The task's shapes after the review, frame by frame. */
function reviewAnnotations(
  meta: DataMeta,
  labels: readonly { id: number; name: string }[],
  shapes: readonly Shape[],
  truthOf: (frameName: string) => LabelledBox[] | undefined,
  { errorRate = 0, seed = 1 }: ReviewOptions,
): { shapes: Shape[]; counts: ReviewCounts } {
  const counts: ReviewCounts = { frames: 0, kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0, mistakes: 0 };
  const nameOf = new Map(labels.map(({ id, name }) => [id, name]));
  const idOf = new Map(labels.map(({ id, name }) => [name, id]));
  const gone = new Set(meta.deleted_frames);
  const result = shapes.filter((shape) => gone.has(shape.frame) || !isUprightRectangle(shape)).map(withoutId);

  (meta.frames ?? []).forEach(({ name }, frame) => {
    if (gone.has(frame)) return;
    const truth = truthOf(name);
    if (truth === undefined) throw unknownFrame(name);
    const rectangles = shapes.filter((shape) => shape.frame === frame && isUprightRectangle(shape));
    const preLabels = rectangles.map((shape) => toBox(shape, nameOf.get(shape.label_id) ?? ''));
    const { correction, mistakes } = withMistakes(correctFrame(preLabels, truth), {
      preLabels,
      labels: [...idOf.keys()],
      frame: name,
      rate: errorRate,
      seed,
    });
    result.push(...toShapes(correction, rectangles, frame, idOf));
    counts.frames++;
    counts.mistakes += mistakes;
    counts.deleted += correction.deleted;
    for (const { decision } of correction.boxes) counts[decision]++;
  });
  return { shapes: result, counts };
}

function toShapes(
  correction: Correction,
  preLabels: readonly Shape[],
  frame: number,
  idOf: ReadonlyMap<string, number>,
): Shape[] {
  return correction.boxes.map(({ label, x1, y1, x2, y2, decision, preLabel }) => {
    const before = preLabel === undefined ? undefined : preLabels[preLabel];
    if (before !== undefined && decision === 'kept') return withoutId(before);
    const labelId = idOf.get(label);
    if (labelId === undefined) throw missingLabel(label, [...idOf.keys()]);
    const points = [x1, y1, x2, y2];
    // As in CVAT's editor: what a person changed of a machine's box is `semi-auto`, what a person drew is `manual`.
    if (before !== undefined) return { ...withoutId(before), label_id: labelId, points, source: 'semi-auto' };
    return { type: 'rectangle', frame, label_id: labelId, points, source: 'manual' };
  });
}

const isUprightRectangle = (shape: Shape): boolean =>
  shape.type === 'rectangle' && (shape.rotation ?? 0) === 0 && shape.points.length === 4;

function toBox({ points: [x1 = 0, y1 = 0, x2 = 0, y2 = 0] }: Shape, label: string): LabelledBox {
  return { label, x1, y1, x2, y2 };
}

/** The server gives new ids to what is written, and refuses old ones. */
function withoutId<T extends { id?: number }>(item: T): T {
  const { id: _id, ...rest } = item;
  return rest as T;
}

const unknownFrame = (name: string): PipelineError =>
  new PipelineError('DEMO_TRUTH_UNKNOWN', `The scripted reviewer does not know what frame ${name} shows.`, {
    hint: 'It knows the bundled clips only: review tasks with other videos yourself.',
  });

const missingLabel = (label: string, present: readonly string[]): PipelineError =>
  new PipelineError('DEMO_LABEL_MISSING', `The task has no label "${label}", only ${present.join(', ')}.`, {
    hint: 'Use a project with the labels of the demo model: player, goalkeeper, referee, ball, goal, corner_flag.',
  });
