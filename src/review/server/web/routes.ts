import { createHash } from 'node:crypto';
import path from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { annotationsJson } from '../annotation-schema.js';
import { sendJson } from '../answers.js';
import { ApiError } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { jobOf, taskOf } from '../routes/ids.js';
import type { Access } from '../access/access.js';
import { annotationsOf, type FrameRange } from '../store/annotations.js';
import { frameOfTask, framesOfTask } from '../store/pictures.js';
import { integer, parse } from '../validation.js';
import type { WireReasons, WireRounds, WireSession } from '../../wire.js';
import { Dataset } from './dataset.js';
import type { PipelineFolders } from './pipeline.js';
import { Rounds } from './rounds.js';
import type { Thumbnails } from './thumbnails.js';

const signIn = z.object({ token: z.string().max(500) });
const thumbnail = z.object({ frame: integer(0) });
/** An index in the job. */
export const aroundQuery = z.object({ around: integer(0) });
/** A page shows about as many small pictures on either side of the frame that it shows first. */
const framesBeside = 20;
const framesQuery = z.object({
  split: z.enum(['train', 'val', 'test']).optional(),
  label: z.string().max(256).optional(),
  offset: integer(0).default(0),
  limit: integer(1, 200).default(60),
});

export interface WebOptions {
  token: string;
  access: Access;
  thumbnails: Thumbnails;
  pipeline?: PipelineFolders | undefined;
  /** What stands in the addresses of this server that the pipeline has used. */
  hosts: ReadonlySet<string>;
}

/** What the page needs beyond CVAT's API. */
export function webRoutes(
  app: FastifyInstance,
  { store, folder }: ReviewContext,
  { token, access, thumbnails, pipeline, hosts }: WebOptions,
): void {
  // Derived from the token, so that it tells data folders apart and says nothing about the token.
  const folderId = createHash('sha256').update(`folder ${token}`).digest('hex').slice(0, 12);
  const rounds = pipeline && new Rounds(pipeline, store, hosts);
  const dataset = new Dataset(pipeline ?? { data: folder.root, dataset: path.join(folder.root, 'dataset') });

  app.get('/api/frameloop/session', { config: { public: true } }, (request): WireSession => {
    const csrfToken = access.sessions.csrfToken(request);
    return csrfToken === undefined ? { signedIn: false } : { signedIn: true, csrfToken, folderId };
  });

  app.post('/api/frameloop/session', { config: { public: true } }, async (request, reply) => {
    const { token: sent } = parse(signIn, request.body);
    if (!(await access.opens(request.ip, sent.trim()))) throw new ApiError(401, { detail: 'Invalid token.' });
    return reply.header('set-cookie', access.sessions.cookie(request)).code(204).send();
  });

  app.get('/api/frameloop/rounds', async (): Promise<WireRounds> => ({ rounds: (await rounds?.list()) ?? [] }));

  app.get('/api/frameloop/jobs/:id/reasons', async (request): Promise<WireReasons> => {
    const { job } = await jobOf(request, store);
    const frames = (await framesOfTask(store, job.task_id)).slice(job.start_frame, job.stop_frame + 1);
    return (await rounds?.reasons(job.task_id, frames)) ?? { roundId: null, frames: [] };
  });

  app.get('/api/frameloop/jobs/:id/annotations', async (request, reply) => {
    const { job } = await jobOf(request, store);
    const around = Math.min(job.start_frame + parse(aroundQuery, request.query).around, job.stop_frame);
    const range: FrameRange = {
      from: Math.max(around - framesBeside, job.start_frame),
      to: Math.min(around + framesBeside, job.stop_frame),
    };
    const annotations = annotationsJson(await annotationsOf(store, job.task_id, range));
    return sendJson(reply, `{"from":${range.from},"to":${range.to},"annotations":${annotations}}`);
  });

  app.get('/api/frameloop/tasks/:id/thumbnails/:frame', async (request, reply) => {
    const task = await taskOf(request, store);
    const { frame } = parse(thumbnail, request.params);
    const picture = await frameOfTask(store, task.id, frame);
    if (picture === undefined) throw new ApiError(404, { detail: 'Not found.' });
    return sendThumbnail(reply, thumbnails, path.join(folder.pictures, String(task.id), picture.file));
  });

  app.get('/api/frameloop/dataset', () => dataset.statistics());

  app.get('/api/frameloop/dataset/frames', (request) => {
    const { split, label, offset, limit } = parse(framesQuery, request.query);
    return dataset.frames({ ...(split && { split }), ...(label !== undefined && { label }), offset, limit });
  });

  app.get('/api/frameloop/dataset/frames/:frameId/thumbnail', async (request, reply) => {
    const file = await dataset.picture((request.params as { frameId: string }).frameId);
    if (file === undefined) throw new ApiError(404, { detail: 'Not found.' });
    return sendThumbnail(reply, thumbnails, file);
  });

  // Pictures of a folder never change, nor are their numbers used again: a browser that names the folder may keep them.
  app.addHook('onSend', async (request, reply, payload) => {
    const { folder: named } = request.query as { folder?: unknown };
    const type = String(reply.getHeader('content-type') ?? '');
    if (named === folderId && reply.statusCode === 200 && type.startsWith('image/')) {
      reply.header('cache-control', 'private, max-age=31536000, immutable');
    }
    return payload;
  });
}

async function sendThumbnail(reply: FastifyReply, thumbnails: Thumbnails, file: string) {
  return reply.type('image/jpeg').send(await thumbnails.of(file));
}
