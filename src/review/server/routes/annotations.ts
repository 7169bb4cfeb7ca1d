import type { FastifyInstance } from 'fastify';
import { annotationsBody, parseAnnotations } from '../annotation-schema.js';
import { refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import {
  addAnnotations,
  annotationsOf,
  changeAnnotations,
  removeAnnotations,
  replaceAnnotations,
} from '../store/annotations.js';
import type { TaskRow } from '../store/schema.js';
import { jobOf, taskOf } from './ids.js';

/** CVAT's limit: about 300,000 boxes. */
const bodyLimit = 100 * 2 ** 20;

export function annotationRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  app.get('/api/tasks/:id/annotations', async (request) => {
    const task = await taskOf(request, store);
    requireData(task);
    return annotationsBody(await annotationsOf(store, task.id));
  });

  app.put('/api/tasks/:id/annotations', { bodyLimit }, async (request) => {
    const task = await taskOf(request, store);
    requireData(task);
    return annotationsBody(await replaceAnnotations(store, task, parseAnnotations(request.body)));
  });

  app.patch('/api/tasks/:id/annotations', { bodyLimit }, async (request) => {
    const task = await taskOf(request, store);
    requireData(task);
    const { action = '' } = request.query as { action?: string };
    switch (action) {
      case 'create':
        return annotationsBody(await addAnnotations(store, task, parseAnnotations(request.body)));
      case 'update':
        return annotationsBody(await changeAnnotations(store, task, parseAnnotations(request.body)));
      case 'delete':
        await removeAnnotations(store, task, parseAnnotations(request.body));
        return request.body;
      default:
        throw refused("Please specify a correct 'action' for the request");
    }
  });

  app.delete('/api/tasks/:id/annotations', async (request, reply) => {
    const task = await taskOf(request, store);
    requireData(task);
    await replaceAnnotations(store, task, []);
    return reply.code(204).send();
  });

  app.get('/api/jobs/:id/annotations', async (request) => {
    const { job } = await jobOf(request, store);
    return annotationsBody(await annotationsOf(store, job.task_id, { from: job.start_frame, to: job.stop_frame }));
  });
}

/** CVAT 2.23 answers 200 here and loses the boxes. */
function requireData(task: TaskRow): void {
  if (task.size === 0) throw refused('This task data has not been initialized yet');
}
