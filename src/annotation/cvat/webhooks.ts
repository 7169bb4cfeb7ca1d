import type { CvatClient, InstalledWebhook, WebhookRequest } from '../types.js';
import { CvatError } from './errors.js';
import type { WireDelivery, WireWebhook } from './wire.js';

/** What may mean that people are done: job states, the status of a task, and its end. */
const EVENTS = ['update:job', 'update:task', 'delete:task'];

/**
 * Registers our receiver with a project, or brings the one that is registered for this address up to date (its secret
 * cannot be read, so it is set again).
 * Throws CVAT_FORBIDDEN for an account that is neither owner of the project nor maintainer of its organization.
 */
export async function installWebhook(
  client: CvatClient,
  { project, url, secret }: WebhookRequest,
  signal?: AbortSignal,
): Promise<InstalledWebhook> {
  const organization = { org_id: project.organizationId };
  const query = { project_id: project.id, ...organization };
  const existing = (await client.list<WireWebhook>('/api/webhooks', query, signal)).find(
    ({ target_url: target, project_id: owner }) => target === url && (owner ?? project.id) === project.id,
  );
  const body = {
    target_url: url,
    description: 'Frameloop: tells a waiting round to look',
    content_type: 'application/json',
    events: EVENTS,
    enable_ssl: true,
    is_active: true,
    ...(secret === undefined ? {} : { secret }),
  };
  if (existing !== undefined) {
    await client.json('PATCH', `/api/webhooks/${existing.id}`, { body, retry: true, signal });
    return { id: existing.id, created: false };
  }
  const { id } = await client.json<WireWebhook>('POST', '/api/webhooks', {
    query: organization,
    body: { ...body, type: 'project', project_id: project.id },
    signal,
  });
  return { id, created: true };
}

/**
 * Lets CVAT send a ping through the whole way to our receiver.
 * Throws CVAT_WEBHOOK_UNREACHABLE with what CVAT saw.
 */
export async function pingWebhook(client: CvatClient, webhookId: number, signal?: AbortSignal): Promise<void> {
  const delivery = await client.json<WireDelivery>('POST', `/api/webhooks/${webhookId}/ping`, { signal });
  const status = delivery.status_code ?? 0;
  if (status >= 200 && status < 300) return;
  const said = delivery.response ? ` (${delivery.response.slice(0, 200)})` : '';
  throw new CvatError('CVAT_WEBHOOK_UNREACHABLE', `CVAT sent a ping to the receiver and got ${status}${said}`, {
    hint: hintFor(status),
  });
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return 'The secrets differ: start the receiver with the same CVAT_WEBHOOK_SECRET.';
  return "Is `frameloop webhook serve` running, and can CVAT reach the address? CVAT's protection of outgoing requests blocks private addresses unless they are allowed (docs/cvat.md).";
}
