import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { pageBody, pageOf } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { parse } from '../validation.js';
import { userView } from '../views.js';
import { formats } from '../formats/index.js';

/** The version of CVAT whose API this is. The part after + is ours; clients ignore it when they compare. */
export const version = '2.80.0+frameloop';

export function serverRoutes(app: FastifyInstance): void {
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

  app.get('/api/users', (request) => {
    const { search = '' } = parse(z.object({ search: z.string().optional() }), request.query);
    const users = [userView(originOf(request))].filter(({ username }) => username.includes(search));
    return pageBody(request, pageOf(request), users.length, users);
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
