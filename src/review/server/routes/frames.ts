import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import { ApiError, invalidField, notFound, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pictureType } from '../picture.js';
import { findProject, tasksOfProject } from '../store/projects.js';
import { findTask } from '../store/tasks.js';
import { deleteFrames, frameOfTask, framesOfTask } from '../store/pictures.js';
import { integer, parse } from '../validation.js';
import type { Thumbnails } from '../web/thumbnails.js';
import { idOf, owners, scopeOf, type Scope } from './ids.js';

export const frameQuery = z.object({
  type: z.enum(['frame', 'chunk', 'preview']).optional(),
  quality: z.enum(['original', 'compressed']).default('original'),
  number: integer(0).optional(),
  /** Of a chunk, counted from the first one of a job instead of the task. */
  index: integer(0).optional(),
});

/** All frames that are left out: what is not named comes back. */
export const metaChange = z.object({ deleted_frames: z.array(integer(0)).max(100_000) });

/** The frames of tasks and jobs: what they are, one by one, in chunks, and as a small preview. */
export function frameRoutes(app: FastifyInstance, { store, folder }: ReviewContext, thumbnails: Thumbnails): void {
  for (const owner of owners) {
    const url = `/api/${owner}/:id`;

    app.get(`${url}/data/meta`, async (request) => metaOf(await withData(request)));

    app.patch(`${url}/data/meta`, async (request) => {
      const scope = await withData(request);
      await deleteFrames(store, scope, parse(metaChange, request.body).deleted_frames);
      return metaOf(scope);
    });

    app.get(`${url}/data`, async (request, reply) => {
      const scope = await withData(request);
      const { type, number, index } = parse(frameQuery, request.query);
      switch (type) {
        case 'frame':
          if (number === undefined) throw invalidField('number', 'This field is required.');
          return sendFrame(reply, scope, number);
        case 'chunk':
          return sendChunk(reply, scope, number, index);
        case 'preview':
          return sendPreview(reply, scope);
        case undefined:
          throw refused('Data type not specified or not supported: use type=frame, chunk or preview');
      }
    });

    app.get(`${url}/preview`, async (request, reply) => sendPreview(reply, await withData(request)));
  }

  app.get('/api/projects/:id/preview', async (request, reply) => {
    const id = idOf(request);
    if ((await findProject(store, id)) === undefined) throw notFound('Project');
    for (const { id: taskId } of await tasksOfProject(store, id)) {
      const task = await findTask(store, taskId);
      if (task !== undefined && task.size > 0) {
        return sendPreview(reply, { task, job: undefined, frames: { from: 0, to: task.size - 1 } });
      }
    }
    throw new ApiError(404, { detail: 'Project image preview not found' });
  });

  async function metaOf({ task, frames: range }: Scope) {
    const frames = await framesOfTask(store, task.id, range);
    return {
      chunks_updated_date: task.data_date ?? task.updated_date,
      chunk_size: task.chunk_size,
      size: frames.length,
      ...(task.image_quality === null ? {} : { image_quality: task.image_quality }),
      start_frame: range.from,
      stop_frame: Math.max(range.from, range.to),
      frame_filter: '',
      frames: frames.map(({ name, width, height }) => ({
        name,
        width,
        height,
        related_files: 0,
        has_related_context: false,
      })),
      // Numbered as in the task, also in a job.
      deleted_frames: frames.filter(({ deleted }) => deleted === 1).map(({ frame }) => frame),
      included_frames: null,
    };
  }

  async function withData(request: FastifyRequest): Promise<Scope> {
    const scope = await scopeOf(request, store);
    if (scope.task.has_data === 0) throw refused('This task data has not been initialized yet');
    return scope;
  }

  async function fileOf({ task, frames }: Scope, number: number): Promise<string> {
    const inside = number >= frames.from && number <= frames.to;
    const picture = inside ? await frameOfTask(store, task.id, number) : undefined;
    if (picture === undefined) throw refused(`Incorrect requested frame number: ${number}`);
    return path.join(folder.pictures, String(task.id), picture.file);
  }

  async function sendFrame(reply: FastifyReply, scope: Scope, number: number) {
    const file = await fileOf(scope, number);
    // The browser must not guess: what is sent is a picture whatever it is named.
    return reply.type((await pictureType(file)) ?? 'application/octet-stream').send(createReadStream(file));
  }

  async function sendPreview(reply: FastifyReply, scope: Scope) {
    return reply.type('image/jpeg').send(await thumbnails.of(await fileOf(scope, scope.frames.from)));
  }

  /** The pictures of a chunk as they are, named by their place in it, in frame order. */
  async function sendChunk(reply: FastifyReply, { task, frames }: Scope, number?: number, index?: number) {
    const size = task.chunk_size ?? 1;
    if (number === undefined && index === undefined) throw invalidField('number', 'This field is required.');
    const first = index === undefined ? (number ?? 0) * size : frames.from + index * size;
    const [from, to] = [Math.max(first, frames.from), Math.min(first + size - 1, frames.to)];
    if (from > to) throw refused(`Incorrect requested chunk number: ${number ?? index}`);
    const zip = new ZipFile();
    for (const [place, { name, file }] of (await framesOfTask(store, task.id, { from, to })).entries()) {
      const member = `${String(place).padStart(6, '0')}${path.extname(name).toLowerCase()}`;
      zip.addFile(path.join(folder.pictures, String(task.id), file), member, { compress: false });
    }
    zip.on('error', (error: Error) => (zip.outputStream as Readable).destroy(error));
    zip.end();
    return reply.type('application/zip').send(zip.outputStream);
  }
}
