import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';
import { messageOf } from '../../common/errors.js';
import type { WebhookRow } from './store/schema.js';

/** CVAT's own: ten seconds for an answer, of which it reads and keeps so much. */
export const patienceMs = 10_000;
const answerBytes = 2 ** 20;
const answerCharacters = 10_000;

export interface Answer {
  status_code: number;
  response: string;
}

/** Sends one message to one receiver and says what became of it; 502 where nobody answers, as CVAT writes it down. */
export async function post(
  webhook: WebhookRow,
  body: string,
  { signal, sparesLinkLocal }: { signal: AbortSignal; sparesLinkLocal: boolean },
): Promise<Answer> {
  const bytes = Buffer.from(body);
  const signature = createHmac('sha256', webhook.secret).update(bytes).digest('hex');
  try {
    if (sparesLinkLocal) await requireNotLinkLocal(webhook.target_url);
    const answer = await fetch(webhook.target_url, {
      method: 'POST',
      body: bytes,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'CVAT/2.80.0',
        ...(webhook.secret === '' ? {} : { 'x-signature-256': `sha256=${signature}` }),
      },
      // Where it leads to would have to be looked at as well.
      redirect: sparesLinkLocal ? 'manual' : 'follow',
      signal: AbortSignal.any([AbortSignal.timeout(patienceMs), signal]),
    });
    return { status_code: answer.status, response: await beginningOf(answer) };
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return { status_code: late ? 504 : 502, response: late ? '' : messageOf(error) };
  }
}

/** What is kept of an answer. It may be without end. */
async function beginningOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes >= answerBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, answerCharacters);
}

/** Addresses without a router between: at 169.254.169.254 clouds hand out the keys of the machine that asks. */
const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');
// The same service of AWS by IPv6.
linkLocal.addAddress('fd00:ec2::254', 'ipv6');

async function requireNotLinkLocal(url: string): Promise<void> {
  const addresses = await lookup(new URL(url).hostname.replace(/^\[|\]$/g, ''), { all: true });
  if (addresses.some(({ address, family }) => linkLocal.check(address, family === 6 ? 'ipv6' : 'ipv4'))) {
    throw new Error('This server sends nothing to link-local addresses.');
  }
}
