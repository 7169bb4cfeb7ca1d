import type { FastifyInstance, FastifyRequest } from 'fastify';
import { annotationsJson, parseAnnotations } from '../annotation-schema.js';
import { sendJson } from '../answers.js';
import { refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import {
  addAnnotations,
  annotationsOf,
  changeAnnotations,
  removeAnnotations,
  replaceAnnotations,
} from '../store/annotations.js';
import { owners, scopeOf, type Scope } from './ids.js';

/** CVAT's limit: about 300,000 boxes. */
const bodyLimit = 100 * 2 ** 20;

export function annotationRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  for (const owner of owners) {
    const url = `/api/${owner}/:id/annotations`;

    app.get(url, async (request, reply) => {
      const { task, frames } = await withData(request);
      return sendJson(reply, annotationsJson(await annotationsOf(store, task.id, frames)));
    });

    app.put(url, { bodyLimit }, async (request, reply) => {
      const scope = await withData(request);
      return sendJson(reply, annotationsJson(await replaceAnnotations(store, scope, parseAnnotations(request.body))));
    });

    app.patch(url, { bodyLimit }, async (request, reply) => {
      const scope = await withData(request);
      const { action = '' } = request.query as { action?: string };
      switch (action) {
        case 'create':
          return sendJson(reply, annotationsJson(await addAnnotations(store, scope, parseAnnotations(request.body))));
        case 'update':
          return sendJson(
            reply,
            annotationsJson(await changeAnnotations(store, scope, parseAnnotations(request.body))),
          );
        case 'delete':
          await removeAnnotations(store, scope, parseAnnotations(request.body));
          return request.body;
        default:
          throw refused("Please specify a correct 'action' for the request");
      }
    });

    app.delete(url, async (request, reply) => {
      await replaceAnnotations(store, await withData(request), []);
      return reply.code(204).send();
    });
  }

  /** CVAT 2.23 answers 200 for a task without data and loses the boxes. */
  async function withData(request: FastifyRequest): Promise<Scope> {
    const scope = await scopeOf(request, store);
    if (scope.task.size === 0) throw refused('This task data has not been initialized yet');
    return scope;
  }
}
