import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What an event means for us: a task to look at, or nothing, and why. */
export type EventMeaning = { taskId: number; jobId?: number } | { ignored: string };

const project = z.number().nullish();
const event = z.object({
  event: z.string(),
  job: z
    .object({
      id: z.number(),
      task_id: z.number(),
      project_id: project,
      type: z.string().optional(),
      state: z.string(),
    })
    .optional(),
  task: z.object({ id: z.number(), project_id: project, status: z.string().optional() }).optional(),
  /** Until 2.74: the fields that changed, with their old values. */
  before_update: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * Whether an event may mean that people are done, or that the task is gone. Most events are noise: saving a box updates
 * job, task and project. Where CVAT says what changed, that decides; newer versions do not, and then a job that is
 * finished is worth a look. No number of the event is believed: it only says where to look.
 * @param projectId events of other projects are none of ours; undefined = all are
 */
export function meaningOf(body: unknown, projectId?: number): EventMeaning {
  const { success, data } = event.safeParse(body);
  if (!success) return { ignored: 'not an event of CVAT' };
  const subject = data.job ?? data.task;
  if (!subject) return { ignored: data.event };
  if (projectId !== undefined && subject.project_id != null && subject.project_id !== projectId) {
    return { ignored: `project ${subject.project_id}` };
  }
  const changed = data.before_update == null ? undefined : Object.keys(data.before_update);
  if (data.event === 'update:job' && data.job) return meaningOfJob(data.job, changed);
  if (data.event === 'update:task' && data.task) {
    const worthALook = changed ? changed.includes('status') : data.task.status === 'completed';
    return worthALook ? { taskId: data.task.id } : { ignored: 'update:task without a change of status' };
  }
  if (data.event === 'delete:task' && data.task) return { taskId: data.task.id };
  return { ignored: data.event };
}

function meaningOfJob(
  { id, task_id: taskId, type = 'annotation', state }: NonNullable<z.output<typeof event>['job']>,
  changed: readonly string[] | undefined,
): EventMeaning {
  if (type !== 'annotation') return { ignored: `a job of type ${type}` };
  const worthALook = changed
    ? changed.includes('state') || changed.includes('stage')
    : state === 'completed' || state === 'rejected';
  return worthALook ? { taskId, jobId: id } : { ignored: 'update:job without a change of state' };
}

/** Whether a body was signed with the secret: HMAC-SHA256 over its bytes as they came, compared in constant time. */
export function isSigned(body: Buffer, signature: string | undefined, secret: string): boolean {
  const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
  if (hex === undefined) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(body).digest());
}
