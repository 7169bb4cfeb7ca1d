import type { FastifyInstance } from 'fastify';
import { originOf } from '../security.js';
import { userView } from '../views.js';
import { exportFormats } from '../yolo.js';

/** The version of CVAT whose API this is. The part after + is ours; clients ignore it when they compare. */
const version = '2.80.0+frameloop';

export function serverRoutes(app: FastifyInstance): void {
  app.get('/api/server/about', { config: { public: true } }, () => ({
    name: 'Frameloop review server',
    description: 'Embedded annotation server that speaks the API of CVAT.',
    version,
    logo_url: '',
    subtitle: '',
  }));

  app.get('/api/server/annotation/formats', () => ({
    importers: [],
    exporters: Object.keys(exportFormats).map((name) => ({
      name,
      ext: 'ZIP',
      version: name.split(' ').at(-1),
      enabled: true,
      dimension: '2d',
    })),
  }));

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
