/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { openStore } from '../../src/review/server/store/database.js';
import { WebhookSender } from '../../src/review/server/webhook-sender.js';
import { clientOf, makeProject, type Client } from './review-server-client.js';

const secret = 'webhook secret';
let dataFolder: string;
let server: ReviewServer;
let call: Client;
let projectId: number;
let webhook: string;
let receiver: Receiver;

beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-webhooks-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  ({ id: projectId } = await makeProject(call));
  receiver = await startReceiver();
  const input = { type: 'project', project_id: projectId, events: ['update:task'], secret };
  const { body } = await call('POST', '/api/webhooks', { ...input, target_url: receiver.url });
  webhook = `/api/webhooks/${body.id}`;
});

afterEach(async () => {
  await server.close();
  await receiver.close();
  await rm(dataFolder, { recursive: true, force: true });
});

test('a message that was refused comes again, before those after it; it can be sent once more by hand', async () => {
  receiver.statuses.push(500);
  const { body: task } = await call('POST', '/api/tasks', { name: 'new', project_id: projectId });
  for (const name of ['first', 'second', 'third']) await call('PATCH', `/api/tasks/${task.id}`, { name });
  await receiver.got(4);
  expect(receiver.messages.map(({ body }) => body.task.name)).toEqual(['first', 'first', 'second', 'third']);
  for (const { signature, raw } of receiver.messages) {
    expect(signature).toBe(`sha256=${createHmac('sha256', secret).update(raw).digest('hex')}`);
  }
  expect(receiver.messages[1]?.raw).toBe(receiver.messages[0]?.raw);

  const deliveries = await settledDeliveries(3);
  const brief = deliveries.map(({ status_code, attempt, redelivery, response, request }) => ({
    ...{ status_code, attempt, redelivery, response },
    name: request.task.name,
  }));
  const delivered = { status_code: 200, redelivery: false, response: 'answer 200' };
  expect(brief).toEqual([
    { ...delivered, name: 'third', attempt: 1 },
    { ...delivered, name: 'second', attempt: 1 },
    { ...delivered, name: 'first', attempt: 2 },
  ]);

  const { status } = await call('POST', `${webhook}/deliveries/${deliveries[2]?.id}/redelivery`);
  expect(status).toBe(200);
  await receiver.got(5);
  expect(receiver.messages[4]?.raw).toBe(receiver.messages[0]?.raw);
  expect((await settledDeliveries(4))[0]).toMatchObject({ status_code: 200, attempt: 1, redelivery: true });
});

test('what a receiver does not want is not sent to it again, and what came after is', async () => {
  receiver.statuses.push(404);
  const { body: task } = await call('POST', '/api/tasks', { name: 'new', project_id: projectId });
  for (const name of ['first', 'second']) await call('PATCH', `/api/tasks/${task.id}`, { name });
  await receiver.got(2);
  expect(receiver.messages.map(({ body }) => body.task.name)).toEqual(['first', 'second']);
  expect((await settledDeliveries(2)).map(({ status_code }) => status_code)).toEqual([200, 404]);
});

test('a receiver that stays in trouble is given up message by message, and one beside it does not wait', async () => {
  const healthy = await startReceiver();
  const input = { type: 'project', project_id: projectId, events: ['update:task'], target_url: healthy.url };
  await call('POST', '/api/webhooks', input);
  await server.close();
  const store = await openStore(path.join(dataFolder, 'review.sqlite'));
  const sender = new WebhookSender(store, () => undefined, [20, 20]);
  try {
    receiver.statuses.push(...Array<number>(5).fill(503));
    for (const name of ['first', 'second']) await sender.publish(projectId, 'update:task', { task: { name } });
    await healthy.got(2);
    await receiver.got(6);
    const names = receiver.messages.map(({ body }) => body.task.name);
    expect(names).toEqual([...Array<string>(3).fill('first'), ...Array<string>(3).fill('second')]);
    expect(healthy.messages.map(({ body }) => body.task.name)).toEqual(['first', 'second']);
  } finally {
    await sender.close();
    await store.destroy();
    await healthy.close();
  }
});

/** The deliveries, newest first, when none of these waits any more for the server to note its answer. */
async function settledDeliveries(count: number) {
  for (;;) {
    const results = (await call('GET', `${webhook}/deliveries`)).body.results as Delivery[];
    const done = results.filter(({ status_code }) => status_code !== null);
    if (done.length === count) return done;
    await sleep(20);
  }
}

interface Message {
  task: { name: string };
}

interface Delivery {
  id: number;
  status_code: number | null;
  attempt: number;
  redelivery: boolean;
  response: string;
  request: Message;
}

interface Receiver {
  url: string;
  /** What to answer next; 200 when there is nothing. */
  statuses: number[];
  messages: { raw: string; body: Message; signature: string | undefined }[];
  got(count: number): Promise<void>;
  close(): Promise<void>;
}

async function startReceiver(): Promise<Receiver> {
  const [statuses, messages]: [number[], Receiver['messages']] = [[], []];
  const listener = http.createServer((request, response) => {
    void text(request).then((raw) => {
      messages.push({
        raw,
        body: JSON.parse(raw) as Message,
        signature: request.headers['x-signature-256']?.toString(),
      });
      const status = statuses.shift() ?? 200;
      response.writeHead(status).end(`answer ${status}`);
      listener.emit('message');
    });
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    ...{ statuses, messages, url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/` },
    got: async (count) => {
      while (messages.length < count) await once(listener, 'message', { signal: AbortSignal.timeout(30_000) });
    },
    close: async () => {
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}
