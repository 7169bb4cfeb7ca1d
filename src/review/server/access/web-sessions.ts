import { createHmac } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isSecure } from './addresses.js';
import { cookieOf, equal, requireOwnPage } from './csrf.js';

/** Long enough for a task of weeks; the link with the token is at hand for the next time. */
const lifetimeSeconds = 30 * 24 * 3600;

/**
 * Sessions of browsers. The cookie says until when it holds and is signed with the access token, so that there is nothing
 * to store, it outlives a restart, and a new token ends all sessions.
 */
export class WebSessions {
  constructor(private readonly token: string) {}

  /** A new session as the Set-Cookie header carries it. */
  cookie(request: FastifyRequest): string {
    const expires = Math.floor(Date.now() / 1000) + lifetimeSeconds;
    const value = `${expires}.${this.sign('session', expires)}`;
    return `${this.cookieName(request)}=${value}; Path=/; Max-Age=${lifetimeSeconds}; HttpOnly; ${isSecure(request) ? 'Secure; ' : ''}SameSite=Strict`;
  }

  /** What the page must send back as X-CSRFToken; undefined without a session that still holds. */
  csrfToken(request: FastifyRequest): string | undefined {
    const expires = this.expiryOf(request);
    return expires === undefined ? undefined : this.sign('csrf', expires);
  }

  /**
   * Whether the request belongs to a session.
   * @throws ApiError 403 where it does, but another site may have made the browser send it
   */
  admits(request: FastifyRequest): boolean {
    const csrfToken = this.csrfToken(request);
    if (csrfToken === undefined) return false;
    requireOwnPage(request, csrfToken);
    return true;
  }

  /** Cookies do not know ports: a second server on this machine must not take the first one's for its own. */
  cookieName(request: FastifyRequest): string {
    return `frameloop-${/:(\d+)$/.exec(request.headers.host ?? '')?.[1] ?? '80'}`;
  }

  private expiryOf(request: FastifyRequest): number | undefined {
    const [, digits, signature] =
      /^(\d{1,12})\.([\w-]{43})$/.exec(cookieOf(request, this.cookieName(request)) ?? '') ?? [];
    if (digits === undefined || signature === undefined) return undefined;
    const expires = Number(digits);
    if (expires * 1000 < Date.now() || !equal(signature, this.sign('session', expires))) return undefined;
    return expires;
  }

  private sign(purpose: string, expires: number): string {
    return createHmac('sha256', this.token).update(`${purpose} ${expires}`).digest('base64url');
  }
}
