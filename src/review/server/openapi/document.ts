import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { version } from '../routes/server.js';
import { operations, type Operation } from './operations.js';

/** A route of the API as it was registered: `GET /api/tasks/{id}`. */
export interface ApiRoute {
  method: string;
  path: string;
  public: boolean;
}

/** Notes every route of the API that is registered from now on. */
export function collectRoutes(app: FastifyInstance): ApiRoute[] {
  const routes: ApiRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (!url.startsWith('/api/')) return;
    const path = url.replaceAll(/:(\w+)/g, '{$1}');
    // Fastify answers HEAD wherever there is a GET.
    const ofGet = (one: string) =>
      one === 'HEAD' && routes.some((known) => known.method === 'GET' && known.path === path);
    for (const one of [method].flat()) {
      if (!ofGet(one)) routes.push({ method: one, path, public: config?.public === true });
    }
  });
  return routes;
}

/** `GET /api/schema/`: the OpenAPI document, made from the routes themselves and the schemas that check their requests. */
export function schemaRoute(app: FastifyInstance, routes: readonly ApiRoute[]): void {
  let document: object | undefined;
  app.get('/api/schema', (_request, reply) => {
    document ??= openApi(routes);
    return reply.type('application/vnd.oai.openapi+json; charset=utf-8').send(document);
  });
}

function openApi(routes: readonly ApiRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = describe(
      route,
      operations[`${route.method} ${route.path}`],
    );
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Frameloop review server',
      version,
      description: 'The part of CVAT’s REST API that this server speaks.',
    },
    paths,
    components: {
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer' },
        password: { type: 'http', scheme: 'basic' },
        session: { type: 'apiKey', in: 'cookie', name: 'sessionid' },
      },
    },
    security: [{ accessToken: [] }, { password: [] }, { session: [] }],
  };
}

function describe(route: ApiRoute, operation: Operation | undefined): object {
  const { summary, status = 200, query, body } = operation ?? { summary: '' };
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true },
    schema: { type: 'string' },
  }));
  return {
    summary,
    tags: [route.path.split('/')[2]],
    parameters: [...inPath, ...(query === undefined ? [] : parametersOf(query))],
    ...(body && { requestBody: { content: { 'application/json': { schema: jsonSchema(body) } } } }),
    responses: { [status]: { description: 'Done' }, default: { description: 'Refused, with CVAT’s error body' } },
    ...(route.public && { security: [] }),
  };
}

function parametersOf(query: z.ZodType): object[] {
  const { properties = {}, required = [] } = jsonSchema(query);
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name) },
    schema,
  }));
}

function jsonSchema(schema: z.ZodType) {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}
