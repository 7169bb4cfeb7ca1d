/* eslint-disable @typescript-eslint/no-unsafe-member-access -- answers of any shape */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { operations } from '../../src/review/server/openapi/operations.js';
import { clientOf, type Answer, type Client } from './review-server-client.js';

let dataFolder: string;
let server: ReviewServer;
let call: Client;
let answer: Answer;

interface Described {
  summary: string;
  parameters: { name: string; in: string; required: boolean }[];
  security?: unknown[];
  requestBody?: object;
}

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-schema-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  answer = await call('GET', '/api/schema/');
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

const routes = () =>
  Object.entries(answer.body.paths as Record<string, Record<string, Described>>).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ key: `${method.toUpperCase()} ${url}`, url, described })),
  );

test('the document holds every route that is registered, each described, and describes none that is not', () => {
  expect(answer.status).toBe(200);
  expect(answer.body.openapi).toMatch(/^3\.1\./);
  // The paths come from the router, the descriptions from a table.
  expect(
    routes()
      .map(({ key }) => key)
      .sort(),
  ).toEqual(Object.keys(operations).sort());
  expect(routes().filter(({ described }) => described.summary === '')).toEqual([]);
});

test('each route answers at its path, and only those that say so without a token', async () => {
  const stranger = clientOf({ url: server.url });
  for (const { key, url, described } of routes()) {
    const method = key.split(' ')[0] ?? '';
    const at = url.replaceAll(/\{\w+\}/g, '1');
    const { status } = await stranger(method, at);
    expect([key, status === 401]).toEqual([
      key,
      described.security === undefined && key !== 'POST /api/frameloop/session',
    ]);
  }
});

test('a query parameter and a body are described by what checks them', () => {
  const found = new Map(routes().map(({ key, described }) => [key, described]));
  const names = (key: string) => found.get(key)?.parameters.map((one) => `${one.in} ${one.name}`);
  expect(names('GET /api/jobs')).toEqual(
    expect.arrayContaining(['query page', 'query page_size', 'query filter', 'query sort', 'query state']),
  );
  expect(names('GET /api/tasks/{id}/data')).toEqual(expect.arrayContaining(['path id', 'query type', 'query number']));
  expect(JSON.stringify(found.get('POST /api/tasks')?.requestBody)).toContain('segment_size');
});
