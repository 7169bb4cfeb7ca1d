import { Client, Connection } from '@temporalio/client';
import { once } from 'node:events';
import { embeddedConnection } from '../../activities/index.js';
import { createCvatClient, findProject, installWebhook, pingWebhook } from '../../annotation/index.js';
import { PipelineError } from '../../common/errors.js';
import { cvatEnvironment, cvatProjectId, webhookSecret } from '../../config/index.js';
import { dataConverter } from '../../encryption/index.js';
import { temporalTarget, type TemporalTarget } from '../../workers/target.js';
import { readContext, type CommonOptions } from '../context.js';
import { interruption, note, printLine, printResult } from '../output.js';
import { createHintSender } from '../webhook-hints.js';
import { startWebhookReceiver, type WebhookReceiver } from '../webhook.js';

/** Starts the receiver with a connection of its own, which may come up later than it and go away in between. */
export async function receiveWebhooks(
  { host, port }: { host: string; port: number },
  target: TemporalTarget,
): Promise<WebhookReceiver> {
  const connection = Connection.lazy(target.connectionOptions);
  const client = new Client({ connection, namespace: target.namespace, dataConverter: dataConverter(process.env) });
  try {
    const receiver = await startWebhookReceiver({
      host,
      port,
      secret: webhookSecret(process.env),
      projectId: cvatProjectId(process.env),
      hints: createHintSender(client, connection, note),
      log: note,
    });
    return {
      url: receiver.url,
      async close() {
        await receiver.close();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

export async function serve(options: CommonOptions & { host: string; port: number }): Promise<void> {
  await readContext(options);
  const interrupted = interruption();
  const target = temporalTarget(process.env);
  const receiver = await receiveWebhooks(options, target);
  if (options.json) printLine({ ready: true, url: receiver.url, temporal: target.address });
  note(`Receiving webhooks at ${receiver.url} for Temporal at ${target.address}. Ctrl-C ends it.`);
  if (!webhookSecret(process.env)) note('CVAT_WEBHOOK_SECRET is not set: whoever can reach the address is believed.');
  if (!interrupted.aborted) await once(interrupted, 'abort');
  await receiver.close();
}

export async function install(options: CommonOptions & { url: string; ping: boolean }): Promise<void> {
  const config = await readContext(options);
  if (!URL.canParse(options.url) || !/^https?:$/.test(new URL(options.url).protocol)) {
    throw new PipelineError('WRONG_USE', `"${options.url}" is no address to send webhooks to.`, {
      hint: 'Write the address under which CVAT reaches the receiver, as in --url http://frameloop.example:8471/',
    });
  }
  const cvat = createCvatClient(cvatEnvironment(process.env) ?? (await embeddedConnection(config.paths.data)));
  const projectId = cvatProjectId(process.env);
  const project = await findProject(cvat, { projectId, name: config.cvat.project });
  if (!project) {
    throw new PipelineError('CVAT_PROJECT_NOT_FOUND', `There is no project "${config.cvat.project}" in CVAT yet.`, {
      hint: 'Set CVAT_PROJECT_ID, or run a round first: it makes the project.',
    });
  }
  const { id, created } = await installWebhook(cvat, { project, url: options.url, secret: webhookSecret(process.env) });
  if (options.ping) await pingWebhook(cvat, id);
  const done = `${created ? 'Registered' : 'Updated'} webhook ${id} of project ${project.id} "${project.name}"`;
  const pinged = options.ping ? '; a ping came through.' : '.';
  printResult(options.json, { id, created, project: project.id, pinged: options.ping }, `${done}${pinged}`);
}
