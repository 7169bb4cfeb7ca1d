import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError, notFound } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { checkOrder, parseCreation } from '../create-task.js';
import { safeFileName } from '../file-names.js';
import type { Store } from '../store/database.js';
import { picturesOfTask, type ReceivedPicture } from '../store/pictures.js';
import { enqueueRequest, findRequest, isActive } from '../store/requests.js';
import type { TaskRow } from '../store/schema.js';
import { findTask } from '../store/tasks.js';
import { discardPictures, keepPictures, receiveUpload, takePicture, uploadLimits, type Upload } from '../upload.js';
import { integer, parse } from '../validation.js';
import { taskOf } from './ids.js';
import { nameIn, TusUploads } from './tus.js';

const creationId = (taskId: number) => `action=create&target=task&target_id=${taskId}`;

/** Every batch has to name it; only the last word counts. */
const batchFields = z.object({ image_quality: integer(1, 100) });

export function dataRoutes(app: FastifyInstance, context: ReviewContext): void {
  const { store, folder } = context;
  const uploads = new TusUploads(app, ['/api/tasks/:id/data'], {
    folder: folder.incoming,
    maxBytes: uploadLimits.fileBytes,
    admit: (request) => taskOf(request, store),
    onArrived: async (request, file) => {
      const { id } = await taskOf(request, store);
      const pictures = [await takePicture(folder, id, file)];
      await commit(context, id, { pictures, fields: {} }, () => Promise.resolve());
    },
  });

  // Which step of the upload this is, a header says by being there; the official client sends it empty.
  app.post('/api/tasks/:id/data', { bodyLimit: 16 * 2 ** 20 }, async (request, reply) => {
    const { id } = await taskOf(request, store);
    if (request.headers['upload-start'] !== undefined) return begin(context, id, reply);
    if (request.headers['upload-multiple'] !== undefined) return addBatch(context, id, request, reply);
    if (request.headers['tus-resumable'] !== undefined) return announce(id, request, reply);
    // Without a header it is everything in one call, or the last step of an old client.
    const upload = request.isMultipart() ? await receive(context, id, request) : undefined;
    return finish(context, id, upload, request, reply);
  });

  /** A name that cannot be used is refused before the file is sent. */
  async function announce(id: number, request: FastifyRequest, reply: FastifyReply) {
    await store.transaction().execute((transaction) => openForUpload(transaction, id));
    safeFileName(nameIn(request));
    return uploads.create(request, reply);
  }
}

async function begin({ store }: ReviewContext, id: number, reply: FastifyReply) {
  await store.transaction().execute((transaction) => openForUpload(transaction, id));
  return reply.code(202).send();
}

async function addBatch(context: ReviewContext, id: number, request: FastifyRequest, reply: FastifyReply) {
  if (!request.isMultipart()) throw new ApiError(415, { detail: 'Unsupported media type in request.' });
  const upload = await receive(context, id, request);
  await commit(context, id, upload, async () => {
    parse(batchFields, upload.fields);
    return Promise.resolve();
  });
  return reply.code(200).send();
}

async function finish(
  context: ReviewContext,
  id: number,
  upload: Upload | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  await commit(context, id, upload ?? { pictures: [], fields: {} }, async (transaction, task) => {
    const plan = parseCreation(upload?.fields ?? request.body);
    const pictures = await picturesOfTask(transaction, id);
    checkOrder(
      plan,
      pictures.map(({ name }) => name),
    );
    await enqueueRequest(transaction, {
      id: creationId(id),
      action: 'create',
      subresource: null,
      task_id: id,
      project_id: task.project_id,
      format: null,
      payload: plan,
    });
  });
  context.background.wake();
  return reply.code(202).send({ rq_id: creationId(id) });
}

async function receive({ store, folder }: ReviewContext, id: number, request: FastifyRequest): Promise<Upload> {
  // Said before megabytes are read; decided in the transaction that keeps them.
  await store.transaction().execute((transaction) => openForUpload(transaction, id));
  return receiveUpload(request, folder, id);
}

/** Keeps what was received and does the rest in the same transaction; when anything fails, nothing of it is kept. */
async function commit(
  { store, folder }: ReviewContext,
  id: number,
  { pictures }: Upload,
  rest: (transaction: Store, task: TaskRow) => Promise<void>,
): Promise<void> {
  let superfluous: ReceivedPicture[];
  try {
    superfluous = await store.transaction().execute(async (transaction) => {
      const task = await openForUpload(transaction, id);
      const alreadyThere = await keepPictures(transaction, id, pictures);
      await rest(transaction, task);
      return alreadyThere;
    });
  } catch (error) {
    await discardPictures(folder, id, pictures);
    throw error;
  }
  await discardPictures(folder, id, superfluous);
}

/**
 * Notes that the task has data. @throws ApiError 404, 409 with the request that is turning the data into frames, 400
 * when it is done: the frames of a task never change.
 */
async function openForUpload(transaction: Store, id: number): Promise<TaskRow> {
  const task = await findTask(transaction, id);
  if (task === undefined) throw notFound('Task');
  if (task.size > 0) throw new ApiError(400, 'Adding more data is not supported');
  const creation = await findRequest(transaction, creationId(id));
  if (isActive(creation)) throw new ApiError(409, { rq_id: creation.id });
  if (task.has_data === 0) {
    await transaction.updateTable('tasks').set({ has_data: 1 }).where('id', '=', id).execute();
  }
  return task;
}
