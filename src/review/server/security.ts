import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.js';
import type { WebSessions } from './web/session.js';

/** The addresses this server may listen on: it knows one user and one token, and is no server for a network. */
export const loopbackHosts = ['127.0.0.1', 'localhost', '::1'];

const loopbackAuthority = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/** Whether a Host header names this machine. A page whose own name was pointed at 127.0.0.1 (DNS rebinding) fails here. */
export function isLoopbackAuthority(host: string | undefined): boolean {
  return host !== undefined && loopbackAuthority.test(host);
}

/** Scheme and host as the client addressed us: CVAT makes its absolute URLs from it. */
export function originOf(request: FastifyRequest): string {
  return `http://${request.headers.host ?? ''}`;
}

/** Whether an Authorization header carries the token, in the scheme of new (Bearer) or old (Token) access tokens. */
export function holdsToken(authorization: string | undefined, token: string): boolean {
  const sent = /^(?:Bearer|Token) +([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
  if (sent === undefined) return false;
  // Digests have one length, so the comparison takes the same time whatever was sent.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(sent), digest(token));
}

/**
 * Sends away what does not address this machine by name or holds neither the token nor the session of a browser, before
 * any body is read.
 */
export function guard(app: FastifyInstance, token: string, sessions: WebSessions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    if (!isLoopbackAuthority(request.headers.host)) {
      throw new ApiError(403, { detail: 'This server answers only to 127.0.0.1 and localhost.' });
    }
    const { origin } = request.headers;
    if (origin !== undefined && !(origin.startsWith('http://') && isLoopbackAuthority(origin.slice(7)))) {
      throw new ApiError(403, { detail: 'Requests from other sites are not allowed.' });
    }
    if (request.routeOptions.config.public === true) return;
    const { authorization } = request.headers;
    if (authorization === undefined ? sessions.admits(request) : holdsToken(authorization, token)) return;
    reply.header('www-authenticate', 'Token');
    const known = /^(Bearer|Token) /i.test(authorization ?? '');
    throw new ApiError(401, { detail: known ? 'Invalid token.' : 'Authentication credentials were not provided.' });
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    public?: boolean;
  }
}
