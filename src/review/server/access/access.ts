import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { findAccessToken } from '../store/access-tokens.js';
import type { Store } from '../store/database.js';
import type { AccessTokenRow } from '../store/schema.js';
import { userName } from '../views.js';
import { cookieOf, requireOwnPage } from './csrf.js';
import { LoginLimit } from './login-limit.js';
import { isPassword } from './password.js';
import { WebSessions } from './web-sessions.js';

/** How a request has shown that it may come in. */
export interface Caller {
  readOnly: boolean;
  /** The row of the token it holds; none for the folder's own token, the password, and our page. */
  token?: AccessTokenRow;
}

/** Says who a request comes from. The server has one user, who may hold several keys. */
export class Access {
  readonly sessions: WebSessions;
  private readonly limit = new LoginLimit();
  /** Digest of the last password that was right: clients with Basic send it every time, and the real check is slow. */
  private lastRight: Buffer | undefined;

  /** `passwordHash` undefined: no password was set, and the folder's token takes its place. */
  constructor(
    private readonly store: Store,
    private readonly token: string,
    private readonly passwordHash: string | undefined,
  ) {
    this.sessions = new WebSessions(token);
  }

  /** @throws ApiError 403 for a session that another site makes use of, 429 after too many wrong passwords */
  async callerOf(request: FastifyRequest): Promise<Caller | undefined> {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      return (await this.callerOfLogin(request)) ?? (this.sessions.admits(request) ? { readOnly: false } : undefined);
    }
    const [, scheme = '', sent = ''] = /^(Bearer|Token|Basic) +([\w.~+/=-]+)$/i.exec(authorization) ?? [];
    if (scheme.toLowerCase() === 'basic') {
      const [, name = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(sent, 'base64').toString('utf8')) ?? [];
      return (await this.knows(request.ip, name, password)) ? { readOnly: false } : undefined;
    }
    if (sent === '') return undefined;
    if (this.isToken(sent)) return { readOnly: false };
    const token = await findAccessToken(this.store, sent);
    return token && { readOnly: token.read_only === 1, token };
  }

  /** Whether this is the token of the data folder. */
  isToken(sent: string): boolean {
    return timingSafeEqual(digest(sent), digest(this.token));
  }

  /** Whether this is one of the two things that our page may sign in with. @throws ApiError 429 */
  async opens(address: string, secret: string): Promise<boolean> {
    return this.isToken(secret) || (this.passwordHash !== undefined && this.knows(address, userName, secret));
  }

  /** Whether a name and a password are right. @throws ApiError 429 */
  async knows(address: string, name: string, password: string): Promise<boolean> {
    const sent = digest(`${name}:${password}`);
    if (this.lastRight !== undefined && timingSafeEqual(sent, this.lastRight)) return true;
    const right = await this.limit.attempt(address, async () => {
      const known =
        this.passwordHash === undefined ? this.isToken(password) : await isPassword(password, this.passwordHash);
      return known && name === userName;
    });
    if (right) this.lastRight = sent;
    return right;
  }

  /** What a session that began with the password sends back as X-CSRFToken. */
  csrfTokenOf(loginKey: string): string {
    return createHmac('sha256', this.token).update(`login ${loginKey}`).digest('base64url');
  }

  private async callerOfLogin(request: FastifyRequest): Promise<Caller | undefined> {
    const key = cookieOf(request, 'sessionid');
    const token = key === undefined ? undefined : await findAccessToken(this.store, key);
    if (key === undefined || token?.kind !== 'login') return undefined;
    requireOwnPage(request, this.csrfTokenOf(key));
    return { readOnly: false, token };
  }
}

/** Digests have one length, so comparing them takes the same time whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
