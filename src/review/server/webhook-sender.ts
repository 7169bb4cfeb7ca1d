import { messageOf } from '../../common/errors.js';
import { insertDelivery, nextDeliveries, updateDelivery } from './store/deliveries.js';
import type { Store } from './store/database.js';
import type { DeliveryRow, WebhookRow } from './store/schema.js';
import { findWebhook, webhooksOf } from './store/webhooks.js';
import { patienceMs, post } from './webhook-post.js';

/** How long to wait before each further attempt. */
const defaultDelaysMs = [1000, 10_000, 60_000, 600_000];

/**
 * Tells receivers of events. Messages are stored before they are sent, and one that could not be delivered is sent again
 * a few times, also by a later start of the server. Each receiver gets its own in the order in which things happened:
 * what comes after a message that is to be sent again waits for it. Whatever the receiver does, a message is given up
 * once it is so old that all its attempts would be over had it been the first, so the queue does not grow without end.
 */
export class WebhookSender {
  private readonly stopping = new AbortController();
  private readonly running = new Map<number, Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: Store,
    private readonly log: (line: object) => void,
    private readonly options: { delaysMs?: readonly number[]; sparesLinkLocal?: boolean } = {},
  ) {}

  /** Queues a message for everybody who wants to know of this event in this project. */
  async publish(projectId: number | null, event: string, content: object): Promise<void> {
    if (projectId === null) return;
    for (const webhook of await webhooksOf(this.store, projectId)) {
      if (webhook.is_active === 0 || !(JSON.parse(webhook.events) as string[]).includes(event)) continue;
      const body = JSON.stringify({ event, ...content, webhook_id: webhook.id });
      await insertDelivery(this.store, { webhook_id: webhook.id, event, body, redelivery: 0 });
    }
    await this.wake();
  }

  /** Sends a message at once, and once only. @returns what became of it */
  async ping(webhook: WebhookRow, event: string, content: object): Promise<DeliveryRow> {
    const body = JSON.stringify({ event, ...content });
    const once = { webhook_id: webhook.id, event, body, redelivery: 0, next_date: null };
    const delivery = await insertDelivery(this.store, once);
    const sent = { ...(await this.post(webhook, body)), attempt: 1, next_date: null };
    await updateDelivery(this.store, delivery.id, sent);
    return { ...delivery, ...sent };
  }

  /** Sends what is due, and comes back when the next is. Call it after something was queued. */
  async wake(): Promise<void> {
    clearTimeout(this.timer);
    if (this.stopping.signal.aborted) return;
    const free = (await nextDeliveries(this.store)).filter(({ webhook_id }) => !this.running.has(webhook_id));
    const due = free.filter(isDue);
    for (const { webhook_id: webhookId } of due) {
      const sending = this.sendAll(webhookId)
        .catch((error: unknown) => this.log({ event: 'webhook not sent', error: messageOf(error) }))
        .finally(() => {
          this.running.delete(webhookId);
          this.later(0);
        });
      this.running.set(webhookId, sending);
    }
    const next = Math.min(...free.filter((one) => !due.includes(one)).map((one) => Date.parse(one.next_date ?? '')));
    if (Number.isFinite(next)) this.later(Math.max(0, next - Date.now()));
  }

  /** What was not sent stays in the queue. */
  async close(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await Promise.all(this.running.values());
  }

  private later(ms: number): void {
    if (this.stopping.signal.aborted) return;
    clearTimeout(this.timer);
    const onError = (error: unknown) => this.log({ event: 'webhook not sent', error: messageOf(error) });
    this.timer = setTimeout(() => void this.wake().catch(onError), ms).unref();
  }

  /** Sends what waits for a receiver, up to the first message that has to be sent again later. */
  private async sendAll(webhookId: number): Promise<void> {
    for (;;) {
      const [delivery] = await nextDeliveries(this.store, webhookId);
      const webhook = await findWebhook(this.store, webhookId);
      if (delivery === undefined || webhook === undefined || !isDue(delivery)) return;
      const answer = await this.post(webhook, delivery.body);
      if (this.stopping.signal.aborted) return;
      const { status_code: status } = answer;
      const delay = this.delayAfter(delivery, status);
      await updateDelivery(this.store, delivery.id, {
        ...answer,
        attempt: delivery.attempt + 1,
        next_date: delay === undefined ? null : new Date(Date.now() + delay).toISOString(),
      });
      if (status < 200 || status > 299) this.log({ event: 'webhook not delivered', webhook: webhook.id, status });
    }
  }

  private post(webhook: WebhookRow, body: string) {
    const { sparesLinkLocal = false } = this.options;
    return post(webhook, body, { signal: this.stopping.signal, sparesLinkLocal });
  }

  /** How long to wait before a message is sent again; undefined where that is over. */
  private delayAfter({ attempt, created_date }: DeliveryRow, status: number): number | undefined {
    // Another answer to the same message is only to be expected where the receiver itself was in trouble.
    if (status < 500 && status !== 429 && status !== 408) return undefined;
    const { delaysMs = defaultDelaysMs } = this.options;
    const oldest = delaysMs.reduce((sum, delay) => sum + delay + patienceMs, 0);
    return Date.now() - Date.parse(created_date) > oldest ? undefined : delaysMs[attempt];
  }
}

function isDue({ next_date }: DeliveryRow): boolean {
  return Date.parse(next_date ?? '') <= Date.now();
}
