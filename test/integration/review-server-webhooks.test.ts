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
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { openStore } from '../../src/review/server/store/database.js';
import { insertDelivery } from '../../src/review/server/store/deliveries.js';
import { WebhookSender } from '../../src/review/server/webhook-sender.js';
import {
  clientOf,
  importOf,
  jpeg,
  makeProject,
  makeTask,
  settled,
  zipOf,
  type Client,
} from './review-server-client.js';

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

test('a receiver that took too long to read a message (408) gets it again', async () => {
  receiver.statuses.push(408);
  const { body: task } = await call('POST', '/api/tasks', { name: 'new', project_id: projectId });
  await call('PATCH', `/api/tasks/${task.id}`, { name: 'first' });
  await receiver.got(2);
  expect((await settledDeliveries(1))[0]).toMatchObject({ status_code: 200, attempt: 2 });
});

test('an answer without end is read up to a point', async () => {
  let sent = 0;
  const endless = http.createServer((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536;
    };
    response.on('drain', more);
    more();
  });
  await once(endless.listen(0, '127.0.0.1'), 'listening');
  try {
    const target_url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/`;
    await call('PATCH', webhook, { target_url });
    const { body } = await call('POST', `${webhook}/ping`);
    expect(body).toMatchObject({ status_code: 200, response: 'x'.repeat(10_000) });
    // What the sockets hold between the two comes on top.
    expect(sent).toBeLessThan(50 * 2 ** 20);
  } finally {
    endless.closeAllConnections();
    endless.close();
  }
});

test('a ping is answered with its delivery, which is in the list', async () => {
  receiver.statuses.push(418);
  const { status, body: delivery } = await call('POST', `${webhook}/ping`);
  expect(status).toBe(200);
  // The keys and values of CVAT 2.23.1.
  expect(delivery).toMatchObject({
    ...{ event: 'ping', status_code: 418, redelivery: false, changed_fields: '', response: 'answer 418' },
    request: { event: 'ping', webhook: { target_url: receiver.url }, sender: { username: 'reviewer' } },
  });
  expect(receiver.messages[0]?.body).toEqual(delivery.request);
  expect((await settledDeliveries(1)).map(({ id }) => id)).toEqual([delivery.id]);
  expect((await call('GET', `${webhook}/deliveries/${delivery.id}`)).body).toMatchObject({ event: 'ping', attempt: 1 });
});

test('a ping is sent once, also where something happens before its answer is there', async () => {
  const { body: task } = await call('POST', '/api/tasks', { name: 'new', project_id: projectId });
  const heard: string[] = [];
  const slow = http.createServer((request, response) => {
    void text(request).then(async (raw) => {
      heard.push((JSON.parse(raw) as { event: string }).event);
      slow.emit('heard');
      if (heard.length === 1) await call('PATCH', `/api/tasks/${task.id}`, { name: 'meanwhile' });
      while (heard.length < 2) await once(slow, 'heard');
      response.end();
    });
  });
  await once(slow.listen(0, '127.0.0.1'), 'listening');
  try {
    await call('PATCH', webhook, { target_url: `http://127.0.0.1:${(slow.address() as AddressInfo).port}/` });
    expect((await call('POST', `${webhook}/ping`)).body).toMatchObject({ event: 'ping', status_code: 200 });
    expect(heard).toEqual(['ping', 'update:task']);
  } finally {
    slow.closeAllConnections();
    slow.close();
  }
});

describe('events', () => {
  const heard = () =>
    receiver.messages.map(({ body }) => {
      const { event, job, task, request } = body as unknown as Record<string, Record<string, unknown>>;
      return [event, job?.start_frame ?? task?.name ?? request?.status];
    });

  beforeEach(async () => {
    const { body } = await call('GET', '/api/webhooks/events?type=project');
    await call('PATCH', webhook, { events: body.events });
  });

  test('are told of a task from its beginning to its end', async () => {
    const taskId = await makeTask(
      call,
      projectId,
      { 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2) },
      { segment_size: 1 },
    );
    await receiver.got(5);
    expect(heard()).toEqual([
      ['create:task', 'task'],
      ['update:task', 'task'],
      ['create:job', 0],
      ['create:job', 1],
      ['completed:request[create:task]', 'finished'],
    ]);
    const { body: exported } = await call('POST', `/api/tasks/${taskId}/dataset/export?format=COCO%201.0`);
    await settled(call, exported.rq_id as string);
    await receiver.got(6);
    expect(receiver.messages[5]?.body).toMatchObject({
      event: 'completed:request[export:annotations]',
      request: { id: exported.rq_id, status: 'finished', operation: { type: 'export:annotations', task_id: taskId } },
    });
    await call('DELETE', `/api/tasks/${taskId}`);
    await receiver.got(9);
    expect(heard().slice(6)).toEqual([
      ['delete:job', 0],
      ['delete:job', 1],
      ['delete:task', 'task'],
    ]);
  });

  test('are told of the jobs that a save or an import has changed, as in CVAT', async () => {
    const files = { 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2), 'c.jpg': await jpeg(3) };
    const taskId = await makeTask(call, projectId, files, { segment_size: 1 });
    await receiver.got(6);
    const url = `/api/tasks/${taskId}/annotations`;
    const { body: page } = await call('GET', `/api/labels?project_id=${projectId}`);
    const label_id = page.results[0].id as number;
    const box = { type: 'rectangle', frame: 1, label_id, points: [1, 2, 3, 4] };
    const { body: saved } = await call('PATCH', `${url}?action=create`, { shapes: [box] });
    await receiver.got(8);
    // Moved to another frame, it has changed both.
    await call('PATCH', `${url}?action=update`, { shapes: [{ ...saved.shapes[0], frame: 2 }] });
    await receiver.got(11);
    const archive = await zipOf({
      'data.yaml': 'names: {0: person}\npath: ./\ntrain: train.txt\n',
      'train.txt': 'images/train/a.jpg\n',
      'labels/train/a.txt': '0 0.5 0.5 0.5 0.5\n',
    });
    const format = 'Ultralytics YOLO Detection 1.0';
    await importOf(call, server, { url: `${url}/`, format, archive });
    await receiver.got(15);
    expect(heard().slice(6)).toEqual([
      ...[
        ['update:job', 1],
        ['update:task', 'task'],
      ],
      ...[
        ['update:job', 1],
        ['update:job', 2],
        ['update:task', 'task'],
      ],
      ...[
        ['update:job', 0],
        ['update:job', 1],
        ['update:job', 2],
        ['update:task', 'task'],
      ],
    ]);
  });
});

test('of what was delivered, the newest ten thousand messages are kept, and all that wait', async () => {
  const store = await openStore(path.join(dataFolder, 'review.sqlite'));
  try {
    const date = new Date().toISOString();
    await sql`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 12000)
      insert into webhook_deliveries
        (webhook_id, event, body, redelivery, attempt, status_code, created_date, updated_date, next_date)
      select 1, 'update:task', '{}', 0, 1, 200, ${date}, ${date},
        case when n = 5 then '9999-01-01T00:00:00.000Z' end from numbers`.execute(store);
    await insertDelivery(store, { webhook_id: 1, event: 'ping', body: '{}', redelivery: 0, next_date: null });
    const rows = await store.selectFrom('webhook_deliveries').select('id').orderBy('id').execute();
    expect(rows.slice(0, 2).map(({ id }) => id)).toEqual([5, 2002]);
    expect(rows).toHaveLength(10_001);
  } finally {
    await store.destroy();
  }
});

test('who was only let in to annotate can neither register, change nor ping a receiver, but see it', async () => {
  const { body: token } = await call('POST', '/api/auth/access_tokens', { name: 'annotator', read_only: false });
  const annotator = clientOf({ url: server.url, token: token.value as string });
  const input = { type: 'project', project_id: projectId, events: ['update:task'], target_url: receiver.url };
  for (const [method, url] of [
    ['POST', '/api/webhooks'],
    ['PUT', webhook],
    ['PATCH', webhook],
    ['DELETE', webhook],
    ['POST', `${webhook}/ping`],
    ['POST', `${webhook}/deliveries/1/redelivery`],
  ] as const) {
    expect([method, url, (await annotator(method, url, input)).status]).toEqual([method, url, 403]);
  }
  expect((await annotator('GET', webhook)).status).toBe(200);
  expect((await annotator('POST', '/api/tasks', { name: 'new', project_id: projectId })).status).toBe(201);
  expect(receiver.messages).toEqual([]);
});

test('a server with a public name calls no link-local address, however it is written', async () => {
  await server.close();
  server = await startReviewServer({ dataFolder, publicNames: ['desk.example'], password: 'long enough' });
  call = clientOf(server);
  for (const host of ['169.254.169.254', '2852039166', '[fe80::1]', '[::ffff:169.254.169.254]', '[fd00:ec2::254]']) {
    await call('PATCH', webhook, { target_url: `http://${host}/latest/meta-data` });
    const { body } = await call('POST', `${webhook}/ping`);
    expect([host, body.status_code, body.response]).toEqual([
      host,
      502,
      'This server sends nothing to link-local addresses.',
    ]);
  }
  // Nor is it sent on to anywhere.
  const elsewhere = http.createServer((_, response) => response.writeHead(307, { location: receiver.url }).end());
  await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
  try {
    await call('PATCH', webhook, { target_url: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/` });
    expect((await call('POST', `${webhook}/ping`)).body.status_code).toBe(307);
    expect(receiver.messages).toEqual([]);
  } finally {
    elsewhere.closeAllConnections();
    elsewhere.close();
  }
  await call('PATCH', webhook, { target_url: receiver.url });
  expect((await call('POST', `${webhook}/ping`)).body.status_code).toBe(200);
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
  const sender = new WebhookSender(store, () => undefined, { delaysMs: [20, 20] });
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
