import type { FastifyInstance, FastifyRequest } from 'fastify';
import { messageOf } from '../../common/errors.js';
import { originOf } from './access/addresses.js';
import { idOf } from './routes/ids.js';
import { now, type Store } from './store/database.js';
import { findJob, jobsOfTask } from './store/jobs.js';
import { findRequest } from './store/requests.js';
import type { JobRow, TaskRow } from './store/schema.js';
import { findTask } from './store/tasks.js';
import { jobView, requestView, taskView, userView } from './views.js';
import type { WebhookSender } from './webhook-sender.js';

/** The events that this server has; names are CVAT's. */
export const eventNames = [
  'completed:request[create:task]',
  'completed:request[export:annotations]',
  'completed:request[export:dataset]',
  'create:job',
  'create:task',
  'delete:job',
  'delete:task',
  'update:job',
  'update:task',
];

/**
 * Publishes what happens. `origin` is how the one who has caused it has addressed this server; the URLs of what happens
 * behind an answer 202 have none, as in CVAT. That somebody cannot be told never makes the cause of it fail.
 */
export class Events {
  constructor(
    private readonly store: Store,
    private readonly sender: WebhookSender,
    private readonly log: (line: object) => void,
  ) {}

  /** `jobs`: all that it has. */
  task(event: 'create' | 'update' | 'delete', task: TaskRow, jobs: readonly JobRow[], origin = ''): Promise<void> {
    const content = { task: taskView(origin, task, jobs), sender: userView(origin) };
    return this.publish(task.project_id, `${event}:task`, content);
  }

  async jobs(
    event: 'create' | 'update' | 'delete',
    task: TaskRow,
    jobs: readonly JobRow[],
    origin = '',
  ): Promise<void> {
    for (const job of jobs) {
      const content = { job: jobView(origin, job, task), sender: userView(origin) };
      await this.publish(task.project_id, `${event}:job`, content);
    }
  }

  /** A task whose annotations or frames were changed, and those of its jobs that have changed with it since then. */
  changed(taskId: number, since: string, origin?: string): Promise<void> {
    return this.quietly(async () => {
      const task = await findTask(this.store, taskId);
      if (task === undefined) return;
      const jobs = await jobsOfTask(this.store, taskId);
      const touched = jobs.filter(({ updated_date }) => updated_date >= since);
      await this.jobs('update', task, touched, origin);
      await this.task('update', task, jobs, origin);
    });
  }

  /** A task that has got its frames; whether the task itself is new as well. */
  filled(taskId: number, isNew = false): Promise<void> {
    return this.quietly(async () => {
      const task = await findTask(this.store, taskId);
      if (task === undefined) return;
      const jobs = await jobsOfTask(this.store, taskId);
      await this.task(isNew ? 'create' : 'update', task, jobs);
      await this.jobs('create', task, jobs);
    });
  }

  /** Work that has come to an end, good or bad. */
  completed(id: string): Promise<void> {
    return this.quietly(async () => {
      const request = await findRequest(this.store, id);
      if (request === undefined) return;
      const view = requestView('', request, 1);
      const content = { request: view, sender: userView('') };
      await this.publish(request.project_id, `completed:request[${view.operation.type}]`, content);
    });
  }

  private publish(projectId: number | null, event: string, content: object): Promise<void> {
    return this.quietly(() => this.sender.publish(projectId, event, content));
  }

  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log({ event: 'webhook not queued', error: messageOf(error) });
    }
  }
}

/** Publishes what the routes have changed, after they have answered. */
export function requestEvents(app: FastifyInstance, store: Store, events: Events): void {
  const deleted = new WeakMap<FastifyRequest, { task: TaskRow; jobs: JobRow[] }>();
  const begun = new WeakMap<FastifyRequest, string>();
  app.addHook('preHandler', async (request) => {
    begun.set(request, now());
    if (request.method !== 'DELETE' || request.routeOptions.url !== '/api/tasks/:id') return;
    const task = await findTask(store, idOf(request));
    if (task) deleted.set(request, { task, jobs: await jobsOfTask(store, task.id) });
  });
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode > 299) return;
    const origin = originOf(request);
    switch (`${request.method} ${request.routeOptions.url}`) {
      case 'PATCH /api/jobs/:id':
      case 'PUT /api/jobs/:id/annotations':
      case 'PATCH /api/jobs/:id/annotations':
      case 'DELETE /api/jobs/:id/annotations':
      case 'PATCH /api/jobs/:id/data/meta': {
        const found = await findJob(store, idOf(request));
        if (!found) return;
        await events.jobs('update', found.task, [found.job], origin);
        await events.task('update', found.task, await jobsOfTask(store, found.task.id), origin);
        return;
      }
      case 'PUT /api/tasks/:id/annotations':
      case 'PATCH /api/tasks/:id/annotations':
      case 'DELETE /api/tasks/:id/annotations':
      case 'PATCH /api/tasks/:id/data/meta':
        return events.changed(idOf(request), begun.get(request) ?? '', origin);
      case 'PATCH /api/tasks/:id': {
        const task = await findTask(store, idOf(request));
        if (task) await events.task('update', task, await jobsOfTask(store, task.id), origin);
        return;
      }
      case 'DELETE /api/tasks/:id': {
        const { task, jobs = [] } = deleted.get(request) ?? {};
        if (task === undefined) return;
        await events.jobs('delete', task, jobs, origin);
        await events.task('delete', task, jobs, origin);
        return;
      }
    }
  });
}
