import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import { isSigned, meaningOf } from './webhook-event.js';
import type { HintSender } from './webhook-hints.js';

/** The largest event that CVAT sends is some kilobytes. */
const maxBodyBytes = 1024 * 1024;
/** CVAT waits ten seconds, but a receiver that lets it wait holds up the events of everybody else. */
const answerMs = 80;

export interface WebhookReceiverOptions {
  host: string;
  /** 0 = any free one. */
  port: number;
  /** What CVAT signs with. Without it nobody can be told from anybody, so only this machine is listened to. */
  secret?: string;
  /** Events of other projects are taken and forgotten. */
  projectId?: number;
  hints: HintSender;
  log: (message: string) => void;
}

export interface WebhookReceiver {
  /** `http://<host>:<port>/` */
  url: string;
  close(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Receives CVAT's webhooks. What is ours becomes a hint for the round that waits; what is not is thanked for, so that CVAT
 * does not send it again. An event is acknowledged when Temporal has it: before that the answer is 503, and CVAT (2.65 or
 * newer) tries again. Events that come twice, or late, or never do no harm: they only say where to look.
 * Throws WEBHOOK_SECRET_MISSING, PORT_IN_USE, LISTEN_FAILED.
 */
export async function startWebhookReceiver(options: WebhookReceiverOptions): Promise<WebhookReceiver> {
  const { host, port, secret, hints } = options;
  if (!secret && !loopback.has(host)) {
    throw new PipelineError('WEBHOOK_SECRET_MISSING', `Without a secret, webhooks are not received on ${host}.`, {
      hint: 'Set CVAT_WEBHOOK_SECRET in .env to what the webhook has, or listen on 127.0.0.1.',
    });
  }
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    void receive(request, options)
      .catch((error: unknown): Answer => {
        options.log(`A webhook could not be handled: ${messageOf(error)}`);
        return { status: 503, body: { detail: 'try again' } };
      })
      .then((answer) => send(response, answer));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, options)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/`,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await hints.close();
    },
  };
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
}

async function receive(request: IncomingMessage, options: WebhookReceiverOptions): Promise<Answer> {
  const { secret, projectId, hints, log } = options;
  // For whoever watches over this process; it says nothing of Temporal, whose absence a restart here would not mend.
  if (request.method === 'GET' && request.url === '/health') return { status: 200, body: { ok: true } };
  if (request.method !== 'POST') return { ...refuse(405, 'only POST'), headers: { allow: 'POST' } };
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return refuse(415, 'only application/json');
  const body = await readBody(request);
  if (body === undefined) return { ...refuse(413, 'too large'), headers: { connection: 'close' } };
  const signature = request.headers['x-signature-256'];
  if (secret && !isSigned(body, Array.isArray(signature) ? signature[0] : signature, secret)) {
    log('A webhook without the right signature was refused');
    return refuse(403, 'the signature is missing or wrong');
  }
  let event: unknown;
  try {
    event = JSON.parse(body.toString('utf8'));
  } catch {
    return refuse(400, 'no JSON');
  }
  const meaning = meaningOf(event, projectId);
  if ('ignored' in meaning) return { status: 200, body: { ignored: meaning.ignored } };
  const sent = hints.send({ ...meaning, source: 'webhook' }).then(
    () => true,
    (error: unknown) => {
      log(`Temporal did not take a hint for task ${meaning.taskId}: ${messageOf(error)}`);
      return false;
    },
  );
  if (await Promise.race([sent, delay(answerMs, false)])) return { status: 202, body: { task: meaning.taskId } };
  return { status: 503, body: { detail: 'Temporal is away' }, headers: { 'retry-after': '5' } };
}

/** The bytes as they came, since the signature is over them; `undefined` when there are too many. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function refuse(status: number, detail: string): Answer {
  return { status, body: { detail } };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

function listenError(error: Error, { host, port }: WebhookReceiverOptions): PipelineError {
  if (systemErrorCode(error) === 'EADDRINUSE') {
    return new PipelineError(
      'PORT_IN_USE',
      `Port ${port} on ${host}, wanted for webhooks, is used by another program.`,
      {
        hint: 'End that program, or choose another port.',
        cause: error,
      },
    );
  }
  return new PipelineError('LISTEN_FAILED', `Webhooks cannot be received on ${host}, port ${port}.`, {
    hint: `Choose another address (${messageOf(error)}).`,
    cause: error,
  });
}
