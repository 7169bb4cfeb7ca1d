import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';
import type { Addresses } from './addresses.js';
import type { Access, Caller } from './access.js';
import { isSafe } from './csrf.js';

/**
 * Sends away what does not address this machine by name or holds neither a token, the password nor a session, before any
 * body is read.
 */
export function guard(app: FastifyInstance, access: Access, addresses: Addresses): void {
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    if (!addresses.admits(request.headers.host)) {
      throw new ApiError(403, { detail: 'This server does not answer to this name.' });
    }
    const { origin } = request.headers;
    if (origin !== undefined && !addresses.admitsOrigin(origin)) {
      throw new ApiError(403, { detail: 'Requests from other sites are not allowed.' });
    }
    if (request.routeOptions.config.public === true) return;
    request.caller = (await access.callerOf(request)) ?? null;
    if (request.caller === null) {
      throw new ApiError(401, { detail: complaint(request) }, { 'www-authenticate': 'Token' });
    }
    if (request.caller.readOnly && !isSafe(request)) {
      throw new ApiError(403, { detail: 'Access token is read only' });
    }
  });
}

/**
 * Who holds a token that was made for a purpose cannot make others of it, nor have this server call any address.
 * @throws ApiError 403
 */
export function requireMaster(request: FastifyRequest): void {
  if (request.caller?.token?.kind === 'personal') {
    throw new ApiError(403, { detail: 'You do not have permission to perform this action.' });
  }
}

function complaint(request: FastifyRequest): string {
  const [, scheme = ''] = /^(Bearer|Token|Basic) /i.exec(request.headers.authorization ?? '') ?? [];
  if (scheme === '') return 'Authentication credentials were not provided.';
  return scheme.toLowerCase() === 'basic' ? 'Invalid username/password.' : 'Invalid token.';
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    public?: boolean;
  }
  interface FastifyRequest {
    /** Null on public routes. */
    caller: Caller | null;
  }
}
