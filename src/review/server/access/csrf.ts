import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';

/** Methods that change nothing, so that a forged request with one does no harm. */
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

export function isSafe(request: FastifyRequest): boolean {
  return safeMethods.includes(request.method);
}

/**
 * Where a browser sends a session by itself, another site may have made it do so.
 * @throws ApiError 403 unless the request comes from our own page and, to change something, holds the session's token
 */
export function requireOwnPage(request: FastifyRequest, csrfToken: string): void {
  const { host, origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  // Another port of this machine is the same site for cookies, but another origin.
  const foreign =
    (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) ||
    site === 'cross-site' ||
    site === 'same-site';
  if (foreign) throw new ApiError(403, { detail: 'CSRF Failed: Origin checking failed.' });
  if (isSafe(request)) return;
  const sent = request.headers['x-csrftoken'];
  if (typeof sent !== 'string') throw new ApiError(403, { detail: 'CSRF Failed: CSRF token missing.' });
  if (!equal(sent, csrfToken)) throw new ApiError(403, { detail: 'CSRF Failed: CSRF token incorrect.' });
}

/** In the same time for all texts of one length. */
export function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
