import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { ApiError, refused } from '../api-error.js';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, rowsOf, type ListFields } from '../paging.js';
import { originOf } from '../access/addresses.js';
import { findJob, type JobOfTask } from '../store/jobs.js';
import { findProject } from '../store/projects.js';
import type { DeliveryRow, TaskRow, WebhookRow } from '../store/schema.js';
import { findTask, jobsOfTasks } from '../store/tasks.js';
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
import { deliveryView, jobView, taskView, userView, webhookView } from '../views.js';
import { send, type WebhookSender } from '../webhook-sender.js';
import { idOf } from './ids.js';

/** The events that this server has. */
const events = ['update:job', 'update:task', 'delete:task'];

const changeable = {
  target_url: z.url({ protocol: /^https?$/ }).max(8192),
  description: z.string().max(128),
  events: z.array(z.enum(events)).min(1),
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
  app.get('/api/webhooks/events', () => ({ webhook_type: 'project', events }));

  app.post('/api/webhooks', async (request, reply) => {
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

  app.put('/api/webhooks/:id', async (request) => {
    const { id, project_id: owner } = await webhookOf(request);
    const { type: _type, project_id: projectId, ...input } = parse(newWebhook, request.body);
    if (projectId !== owner) throw refused('A webhook stays with its project.');
    return changed(request, id, toRow(input));
  });

  app.patch('/api/webhooks/:id', async (request) => {
    const { id } = await webhookOf(request);
    return changed(request, id, toRow(parse(z.object(changeable).partial(), request.body)));
  });

  app.post('/api/webhooks/:id/ping', async (request) => {
    const webhook = await webhookOf(request);
    const origin = originOf(request);
    const content = { event: 'ping', webhook: webhookView(origin, webhook), sender: userView(origin) };
    return { event: 'ping', ...(await send(webhook, JSON.stringify(content))) };
  });

  app.delete('/api/webhooks/:id', async (request, reply) => {
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

  app.post('/api/webhooks/:id/deliveries/:delivery/redelivery', async (request) => {
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

/** Publishes what the other routes have changed, after they have answered. */
export function webhookEvents(app: FastifyInstance, { store }: ReviewContext, webhooks: WebhookSender): void {
  const deleted = new WeakMap<FastifyRequest, TaskRow>();
  app.addHook('preHandler', async (request) => {
    if (request.method !== 'DELETE' || request.routeOptions.url !== '/api/tasks/:id') return;
    const task = await findTask(store, idOf(request));
    if (task) deleted.set(request, task);
  });
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode > 299) return;
    const sender = userView(originOf(request));
    const jobChanged = ({ job, task }: JobOfTask) =>
      webhooks.publish(task.project_id, 'update:job', { job: jobView(originOf(request), job, task), sender });
    const taskEvent = async (event: string, task: TaskRow) => {
      const jobs = (await jobsOfTasks(store, [task.id])).get(task.id) ?? [];
      await webhooks.publish(task.project_id, event, { task: taskView(originOf(request), task, jobs), sender });
    };
    switch (`${request.method} ${request.routeOptions.url}`) {
      case 'PATCH /api/jobs/:id':
      case 'PUT /api/jobs/:id/annotations':
      case 'PATCH /api/jobs/:id/annotations':
      case 'DELETE /api/jobs/:id/annotations':
      case 'PATCH /api/jobs/:id/data/meta': {
        const found = await findJob(store, idOf(request));
        if (!found) return;
        await jobChanged(found);
        await taskEvent('update:task', found.task);
        return;
      }
      case 'PATCH /api/tasks/:id':
      case 'PUT /api/tasks/:id/annotations':
      case 'PATCH /api/tasks/:id/annotations':
      case 'DELETE /api/tasks/:id/annotations':
      case 'PATCH /api/tasks/:id/data/meta': {
        const task = await findTask(store, idOf(request));
        if (task) await taskEvent('update:task', task);
        return;
      }
      case 'DELETE /api/tasks/:id': {
        const task = deleted.get(request);
        if (task) await taskEvent('delete:task', task);
        return;
      }
    }
  });
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
