import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { ApiError } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { now } from '../store/database.js';
import { cancelRequest, findRequest, requestColumns } from '../store/requests.js';
import type { RequestRow } from '../store/schema.js';
import { integer } from '../validation.js';
import { requestView } from '../views.js';

const text = z.string().optional();

/** Values that no request can have find nothing. */
export const requestList: ListFields = {
  columns: requestColumns,
  query: z.object({
    ...{ target: text, action: text, status: text, format: text, subresource: text },
    task_id: integer(0).optional(),
    project_id: integer(0).optional(),
    job_id: integer(0).optional(),
  }),
};

export function requestRoutes(app: FastifyInstance, { store, background }: ReviewContext): void {
  app.get('/api/requests', async (request) => {
    const page = pageOf(request, requestList);
    const { count, rows } = await rowsOf<RequestRow>(store, page, sql.table('requests'));
    const views = rows.map((row) => requestView(originOf(request), row, background.progressOf(row.sequence)));
    return pageBody(request, page, count, views);
  });

  app.get('/api/requests/:id', async (request) => {
    const { id } = request.params as { id: string };
    const found = await findRequest(store, id);
    if (found === undefined || (found.expiry_date !== null && found.expiry_date < now())) {
      throw new ApiError(404, { detail: 'There is no request with specified id' });
    }
    return requestView(originOf(request), found, background.progressOf(found.sequence));
  });

  app.post('/api/requests/:id/cancel', async (request, reply) => {
    const { id } = request.params as { id: string };
    const cancelled = await cancelRequest(store, id);
    if (cancelled !== undefined) {
      background.stop(cancelled);
      return reply.code(200).send();
    }
    if ((await findRequest(store, id)) === undefined) {
      throw new ApiError(404, { detail: 'There is no request with specified id' });
    }
    throw new ApiError(400, 'Only requests that have not yet been started can be cancelled');
  });
}
