import { createHmac } from 'node:crypto';
import { messageOf } from '../../common/errors.js';
import type { Store } from './store/database.js';
import type { WebhookRow } from './store/schema.js';
import { webhooksOf } from './store/webhooks.js';

/** CVAT's own: ten seconds for an answer, of which it keeps so much. */
const patienceMs = 10_000;
const answerCharacters = 10_000;

export interface Delivery {
  event: string;
  status_code: number;
  response: string;
}

/** Sends one event to one receiver and says what became of it; 502 where nobody answers, as CVAT writes it down. */
export async function deliver(webhook: WebhookRow, event: string, content: object): Promise<Delivery> {
  const body = Buffer.from(JSON.stringify({ event, ...content }));
  const signature = createHmac('sha256', webhook.secret).update(body).digest('hex');
  try {
    const answer = await fetch(webhook.target_url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'CVAT/2.80.0',
        ...(webhook.secret === '' ? {} : { 'x-signature-256': `sha256=${signature}` }),
      },
      signal: AbortSignal.timeout(patienceMs),
    });
    return { event, status_code: answer.status, response: (await answer.text()).slice(0, answerCharacters) };
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return { event, status_code: late ? 504 : 502, response: late ? '' : messageOf(error) };
  }
}

/** Tells everybody who wants to know of an event in a project. Nobody waits for it. */
export async function publish(
  store: Store,
  projectId: number | null,
  event: string,
  content: object,
  log: (line: object) => void,
): Promise<void> {
  if (projectId === null) return;
  for (const webhook of await webhooksOf(store, projectId)) {
    if (webhook.is_active === 0 || !(JSON.parse(webhook.events) as string[]).includes(event)) continue;
    const { status_code: status } = await deliver(webhook, event, { ...content, webhook_id: webhook.id });
    if (status < 200 || status > 299) log({ event: 'webhook not delivered', webhook: webhook.id, status });
  }
}
