import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.js';

/** This server has no organizations. Naming none, or the personal space (an empty name), is fine. */
export function noOrganization(app: FastifyInstance): void {
  app.addHook('preHandler', (request, _reply, done) => {
    const query = request.query as Record<string, unknown>;
    const named = [request.headers['x-organization'], query['org'], query['org_id']];
    const organization = named.find((name): name is string => typeof name === 'string' && name !== '');
    done(
      organization === undefined
        ? undefined
        : new ApiError(404, { detail: `${organization} organization does not exist.` }),
    );
  });
}
