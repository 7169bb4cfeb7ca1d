import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { ApiError, refused } from '../api-error.js';
import type { Access } from '../access/access.js';
import { isSecure, originOf } from '../access/addresses.js';
import { cookieOf, requireOwnPage } from '../access/csrf.js';
import { requireMaster } from '../access/guard.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import {
  accessTokenColumns,
  deleteAccessToken,
  findAccessToken,
  findPersonalToken,
  insertAccessToken,
  personalTokens,
  updateAccessToken,
} from '../store/access-tokens.js';
import type { AccessTokenRow } from '../store/schema.js';
import { flag, parse, title } from '../validation.js';
import { accessTokenView } from '../views.js';
import { idOf } from './ids.js';

const sessionSeconds = 30 * 24 * 3600;
const mostTokens = 50;

export const loginInput = z.object({
  username: z.string().max(256).optional(),
  email: z.string().max(256).optional(),
  password: z.string().max(1024).optional(),
});

const tokenFields = { name: title(32), read_only: flag(), expiry_date: z.iso.datetime({ offset: true }).nullable() };

export const newToken = z.object({
  ...tokenFields,
  read_only: tokenFields.read_only.default(true),
  expiry_date: tokenFields.expiry_date.default(null),
});

export const tokenChange = z.object(tokenFields).partial();

export const tokenList: ListFields = {
  columns: accessTokenColumns,
  search: ['name'],
  query: z.object({ name: z.string().optional(), read_only: flag().transform(Number).optional() }),
};

/** Signing in with the password, and making tokens: the ways of CVAT's own clients to get in. */
export function authRoutes(app: FastifyInstance, { store }: ReviewContext, access: Access): void {
  app.post('/api/auth/login', { config: { public: true } }, async (request, reply) => {
    const { username, email, password } = parse(loginInput, request.body);
    if ((username ?? email ?? '') === '' || password === undefined || password === '') {
      throw new ApiError(400, { non_field_errors: ['Must include either "username" or "email" and "password".'] });
    }
    if (!(await access.knows(request.ip, username ?? email ?? '', password))) {
      throw new ApiError(400, { non_field_errors: ['Unable to log in with provided credentials.'] });
    }
    const expiry = new Date(Date.now() + sessionSeconds * 1000).toISOString();
    const { value } = await insertAccessToken(store, {
      kind: 'login',
      name: 'login',
      read_only: 0,
      expiry_date: expiry,
    });
    // The official client joins the cookies with commas: each has to end with an attribute that has a value.
    const cookie = (name: string, content: string, flags: string) =>
      `${name}=${content}; ${flags}${isSecure(request) ? 'Secure; ' : ''}Path=/; Max-Age=${sessionSeconds}; SameSite=Strict`;
    return reply
      .header('set-cookie', [
        cookie('csrftoken', access.csrfTokenOf(value), ''),
        cookie('sessionid', value, 'HttpOnly; '),
      ])
      .send({ key: value });
  });

  app.post('/api/auth/logout', { config: { public: true } }, async (request, reply) => {
    await endSession(request);
    const gone = (name: string) => `${name}=; Path=/; Max-Age=0; SameSite=Strict`;
    return reply
      .header('set-cookie', ['csrftoken', 'sessionid', access.sessions.cookieName(request)].map(gone))
      .send({ detail: 'Successfully logged out.' });
  });

  app.get('/api/auth/access_tokens', async (request) => {
    const page = pageOf(request, tokenList);
    const filter = sql<boolean>`kind = 'personal' and ${page.filter}`;
    const { count, rows } = await rowsOf<AccessTokenRow>(store, { ...page, filter }, sql.table('access_tokens'));
    const views = rows.map((token) => accessTokenView(originOf(request), token));
    return pageBody(request, page, count, views);
  });

  app.post('/api/auth/access_tokens', async (request, reply) => {
    requireMaster(request);
    const { name, read_only, expiry_date } = parse(newToken, request.body);
    if ((await personalTokens(store)).length >= mostTokens) throw refused(`There may be ${mostTokens} access tokens.`);
    const { row, value } = await insertAccessToken(store, {
      ...{ kind: 'personal', name, read_only: read_only ? 1 : 0 },
      expiry_date: expiry_date && new Date(expiry_date).toISOString(),
    });
    return reply.code(201).send({ ...accessTokenView(originOf(request), row), value });
  });

  app.get('/api/auth/access_tokens/self', (request) => {
    const token = request.caller?.token;
    if (token?.kind !== 'personal') throw new ApiError(404, { detail: 'This request holds no access token.' });
    return accessTokenView(originOf(request), token);
  });

  app.get('/api/auth/access_tokens/:id', async (request) => accessTokenView(originOf(request), await tokenOf(request)));

  app.patch('/api/auth/access_tokens/:id', async (request) => {
    requireMaster(request);
    const { id } = await tokenOf(request);
    const { name, read_only, expiry_date } = parse(tokenChange, request.body);
    await updateAccessToken(store, id, {
      ...(name !== undefined && { name }),
      ...(read_only !== undefined && { read_only: read_only ? 1 : 0 }),
      ...(expiry_date !== undefined && { expiry_date: expiry_date && new Date(expiry_date).toISOString() }),
    });
    return accessTokenView(originOf(request), await tokenOf(request));
  });

  app.delete('/api/auth/access_tokens/:id', async (request, reply) => {
    requireMaster(request);
    await deleteAccessToken(store, await tokenOf(request));
    return reply.code(204).send();
  });

  /** The token in the path. @throws ApiError 404 */
  async function tokenOf(request: FastifyRequest): Promise<AccessTokenRow> {
    const token = await findPersonalToken(store, idOf(request));
    if (token === undefined) throw new ApiError(404, { detail: 'No AccessToken matches the given query.' });
    return token;
  }

  /** Ends the session that the request holds, by cookie or by the key of its login. */
  async function endSession(request: FastifyRequest): Promise<void> {
    const [, sent] = /^(?:Token|Bearer) +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const fromCookie = cookieOf(request, 'sessionid');
    const key = sent ?? fromCookie;
    const token = key === undefined ? undefined : await findAccessToken(store, key);
    if (key === undefined || token?.kind !== 'login') return;
    if (sent === undefined) requireOwnPage(request, access.csrfTokenOf(key));
    await deleteAccessToken(store, token);
  }
}
