import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { ApiError } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { flag } from '../validation.js';
import { userId, userName, userView } from '../views.js';
import { formats } from '../formats/index.js';
import { idOf } from './ids.js';

/** The version of CVAT whose API this is. The part after + is ours; clients ignore it when they compare. */
export const version = '2.80.0+frameloop';

const [text, noText] = [z.string().optional(), sql`''`];

/** Of the one user. */
export const userList: ListFields = {
  columns: { id: sql`${userId}`, username: sql`${userName}`, first_name: noText, last_name: noText, is_active: sql`1` },
  search: ['username', 'first_name', 'last_name'],
  query: z.object({
    username: text,
    first_name: text,
    last_name: text,
    is_active: flag().transform(Number).optional(),
  }),
};

export function serverRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  app.get('/api/server/about', { config: { public: true } }, () => ({
    name: 'Frameloop review server',
    description: 'Embedded annotation server that speaks the API of CVAT.',
    version,
    logo_url: '',
    subtitle: '',
  }));

  app.get('/api/server/annotation/formats', () => {
    // What is written here can be read here.
    const known = Object.keys(formats).map((name) => ({
      name,
      ext: 'ZIP',
      version: name.split(' ').at(-1),
      enabled: true,
      dimension: '2d',
    }));
    return { importers: known, exporters: known };
  });

  app.get('/api/users', async (request) => {
    const page = pageOf(request, userList);
    const { count, rows } = await rowsOf(store, page, sql`(select 1)`);
    return pageBody(
      request,
      page,
      count,
      rows.map(() => userView(originOf(request))),
    );
  });

  app.get('/api/users/:id', (request) => {
    if (idOf(request) !== userId) throw new ApiError(404, { detail: 'No User matches the given query.' });
    return userView(originOf(request));
  });

  app.get('/api/users/self', (request) => ({
    ...userView(originOf(request)),
    email: '',
    groups: ['user'],
    is_staff: false,
    is_superuser: false,
    is_active: true,
    last_login: null,
  }));
}
