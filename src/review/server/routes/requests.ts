import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ApiError } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { listingOf, pageBody, pageOf } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { now } from '../store/database.js';
import { cancelRequest, findRequest, listRequests, requestColumns } from '../store/requests.js';
import { integer, parse } from '../validation.js';
import { requestView } from '../views.js';

export const requestListQuery = z.object({
  task_id: integer(0).optional(),
  project_id: integer(0).optional(),
  job_id: integer(0).optional(),
  target: z.string().optional(),
  action: z.string().optional(),
  status: z.string().optional(),
  format: z.string().optional(),
  subresource: z.string().optional(),
});

export function requestRoutes(app: FastifyInstance, { store, background }: ReviewContext): void {
  app.get('/api/requests', async (request) => {
    const page = pageOf(request, requestColumns);
    const { count, rows } = await listRequests(store, parse(requestListQuery, request.query), listingOf(page));
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
    if (await cancelRequest(store, id)) return reply.code(200).send();
    if ((await findRequest(store, id)) === undefined) {
      throw new ApiError(404, { detail: 'There is no request with specified id' });
    }
    throw new ApiError(400, 'Only requests that have not yet been started can be cancelled');
  });
}
