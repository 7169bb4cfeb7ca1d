import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { ApiError, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { eventNames } from '../events.js';
import { findProject } from '../store/projects.js';
import type { DeliveryRow, WebhookRow } from '../store/schema.js';
import { findDelivery, hurryDeliveries, insertDelivery } from '../store/deliveries.js';
import {
  deleteWebhook,
  findWebhook,
  insertWebhook,
  updateWebhook,
  webhookColumns,
  type WebhookInput,
} from '../store/webhooks.js';
import { choice, flag, integer, objectId, parse, requireObject } from '../validation.js';
import { deliveryView, userView, webhookView } from '../views.js';
import type { WebhookSender } from '../webhook-sender.js';
import { requireMaster } from '../access/guard.js';
import { idOf } from './ids.js';

const changeable = {
  target_url: z.url({ protocol: /^https?$/ }).max(8192),
  description: z.string().max(128),
  events: z.array(z.enum(eventNames)).min(1),
  secret: z.string().max(64),
  is_active: flag(),
};

export const newWebhook = z.object({
  ...changeable,
  type: z.literal('project'),
  project_id: integer(0),
  description: changeable.description.default(''),
  secret: changeable.secret.default(''),
  is_active: changeable.is_active.default(true),
});

export const webhookList: ListFields = {
  columns: webhookColumns,
  search: ['description', 'owner', 'target_url'],
  query: z.object({
    ...{ target_url: z.string().optional(), owner: z.string().optional() },
    type: choice(['organization', 'project', 'server']).optional(),
    project_id: objectId().optional(),
  }),
};

export const deliveryList: ListFields = { columns: { id: sql.ref('webhook_deliveries.id') } };

/** Registering receivers, and telling them what happens to jobs and tasks. */
export function webhookRoutes(app: FastifyInstance, { store }: ReviewContext, sender: WebhookSender): void {
  // What is sent to an address, and what it answers: not for those who were only let in to annotate.
  const onRequest = (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
    requireMaster(request);
    done();
  };

  app.get('/api/webhooks/events', () => ({ webhook_type: 'project', events: eventNames }));

  app.post('/api/webhooks', { onRequest }, async (request, reply) => {
    const { type: _type, project_id: projectId, ...input } = parse(newWebhook, request.body);
    if ((await findProject(store, projectId)) === undefined) throw refused('Project matching query does not exist.');
    return reply.code(201).send(webhookView(originOf(request), await insertWebhook(store, projectId, toRow(input))));
  });

  app.get('/api/webhooks', async (request) => {
    const page = pageOf(request, webhookList);
    await requireObject(request, 'project_id', (id) => findProject(store, id));
    const { count, rows } = await rowsOf<WebhookRow>(store, page, sql.table('webhooks'));
    const views = rows.map((row) => webhookView(originOf(request), row));
    return pageBody(request, page, count, views);
  });

  app.get('/api/webhooks/:id', async (request) => webhookView(originOf(request), await webhookOf(request)));

  app.put('/api/webhooks/:id', { onRequest }, async (request) => {
    const { id, project_id: owner } = await webhookOf(request);
    const { type: _type, project_id: projectId, ...input } = parse(newWebhook, request.body);
    if (projectId !== owner) throw refused('A webhook stays with its project.');
    return changed(request, id, toRow(input));
  });

  app.patch('/api/webhooks/:id', { onRequest }, async (request) => {
    const { id } = await webhookOf(request);
    return changed(request, id, toRow(parse(z.object(changeable).partial(), request.body)));
  });

  app.post('/api/webhooks/:id/ping', { onRequest }, async (request) => {
    const webhook = await webhookOf(request);
    const origin = originOf(request);
    const content = { webhook: webhookView(origin, webhook), sender: userView(origin) };
    return deliveryView(await sender.ping(webhook, 'ping', content));
  });

  app.delete('/api/webhooks/:id', { onRequest }, async (request, reply) => {
    await deleteWebhook(store, (await webhookOf(request)).id);
    return reply.code(204).send();
  });

  app.get('/api/webhooks/:id/deliveries', async (request) => {
    const { id } = await webhookOf(request);
    const page = pageOf(request, deliveryList);
    const filter = sql<boolean>`webhook_id = ${id} and ${page.filter}`;
    const { count, rows } = await rowsOf<DeliveryRow>(store, { ...page, filter }, sql.table('webhook_deliveries'));
    return pageBody(request, page, count, rows.map(deliveryView));
  });

  app.get('/api/webhooks/:id/deliveries/:delivery', async (request) => deliveryView(await deliveryOf(request)));

  app.post('/api/webhooks/:id/deliveries/:delivery/redelivery', { onRequest }, async (request) => {
    const { webhook_id, event, body } = await deliveryOf(request);
    await insertDelivery(store, { webhook_id, event, body, redelivery: 1 });
    // Somebody believes that the receiver can take messages again.
    await hurryDeliveries(store, webhook_id);
    await sender.wake();
    return {};
  });

  async function changed(request: FastifyRequest, id: number, change: Partial<WebhookInput>) {
    const row = await updateWebhook(store, id, change);
    if (row === undefined) throw unknownWebhook();
    return webhookView(originOf(request), row);
  }

  async function deliveryOf(request: FastifyRequest): Promise<DeliveryRow> {
    const { id } = await webhookOf(request);
    const { delivery = '' } = request.params as { delivery?: string };
    const found = /^\d{1,15}$/.test(delivery) ? await findDelivery(store, id, Number(delivery)) : undefined;
    if (found === undefined) throw new ApiError(404, { detail: 'No WebhookDelivery matches the given query.' });
    return found;
  }

  async function webhookOf(request: FastifyRequest): Promise<WebhookRow> {
    const webhook = await findWebhook(store, idOf(request));
    if (webhook === undefined) throw unknownWebhook();
    return webhook;
  }
}

/** As the table has it; what is not given stays away. */
function toRow<Input extends { events?: string[]; is_active?: boolean }>({ events: names, is_active, ...rest }: Input) {
  return {
    ...rest,
    ...(names === undefined ? {} : { events: JSON.stringify([...names].sort()) }),
    ...(is_active === undefined ? {} : { is_active: is_active ? 1 : 0 }),
  } as Input extends { target_url: string } ? WebhookInput : Partial<WebhookInput>;
}

function unknownWebhook(): ApiError {
  return new ApiError(404, { detail: 'No Webhook matches the given query.' });
}
