import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { findJob } from '../store/jobs.js';

const path = /^\/api\/(tasks|jobs)\/:id\/annotations$/;

/**
 * The versions of the annotations of each task. One changes when a write begins and again when it is over: whoever reads
 * in between knows a version that is already old. Versions of an earlier start of the server are always old.
 */
export class AnnotationVersions {
  private readonly start = randomBytes(6).toString('hex');
  private readonly counts = new Map<number, number>();

  of(taskId: number): string {
    return `"${this.start}-${this.counts.get(taskId) ?? 0}"`;
  }

  advance(...taskIds: number[]): void {
    for (const id of taskIds) this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
  }
}

/**
 * Gives the annotations of a task a version (ETag), so that a client that names the version it knows (If-Match) cannot
 * overwrite what it has not seen: it gets 412 instead. Clients that name none are served as CVAT serves them.
 */
export function annotationVersions(app: FastifyInstance, { store, versions }: ReviewContext): void {
  const tasks = new WeakMap<FastifyRequest, number>();

  app.addHook('preHandler', async (request, reply) => {
    if (!path.test(request.routeOptions.url ?? '')) return;
    const id = Number((request.params as { id: string }).id);
    const isJob = request.url.startsWith('/api/jobs/');
    const taskId = isJob ? (await findJob(store, id))?.job.task_id : id;
    if (taskId === undefined) return;
    const version = versions.of(taskId);
    if (request.method === 'GET') {
      reply.header('etag', version);
      // Without this, clients that ask for what they know already would get it once more.
      if (request.headers['if-none-match'] === version) return reply.code(304).send();
      return;
    }
    const known = request.headers['if-match'];
    if (known !== undefined && known !== '*' && known !== version) {
      reply.header('etag', version);
      throw new ApiError(412, { detail: 'The annotations have changed since they were read.' });
    }
    versions.advance(taskId);
    tasks.set(request, taskId);
  });

  app.addHook('onSend', async (request, reply: FastifyReply, payload) => {
    const taskId = tasks.get(request);
    if (taskId !== undefined) {
      versions.advance(taskId);
      reply.header('etag', versions.of(taskId));
    }
    return payload;
  });
}
