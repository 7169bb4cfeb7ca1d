import { once } from 'node:events';
import { cvatEnvironment, reviewEnvironment } from '../../config/index.js';
import { localTemporalEnvironment, startStack, type Stack } from '../../stack/index.js';
import { temporalTarget } from '../../workers/target.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { interruption, note, printLine } from '../output.js';
import type { WebhookReceiver } from '../webhook.js';
import { receiveWebhooks } from './webhook.js';

interface UpOptions extends CommonOptions {
  temporalPort: number;
  uiPort: number;
  reviewPort: number;
  webhookPort: number;
}

export async function up(options: UpOptions): Promise<void> {
  const config = await readContext(options);
  const cvat = cvatEnvironment(process.env);
  const interrupted = interruption();
  const temporalUi = `http://127.0.0.1:${options.uiPort}`;
  const stack = await startStack({
    dataFolder: config.paths.data,
    ports: { temporal: options.temporalPort, temporalUi: options.uiPort, review: options.reviewPort },
    portTaken: 'fail',
    review: !cvat,
    reviewAccess: reviewEnvironment(process.env),
    datasetFolder: config.paths.dataset,
    configFile: namedConfig(options),
    env: { TEMPORAL_UI_URL: process.env.TEMPORAL_UI_URL || temporalUi },
    onRestart: note,
    signal: interrupted,
  });
  const receiver = await receiveWebhooksFor(stack, options.webhookPort);
  const annotation = cvat?.host ?? `http://127.0.0.1:${options.reviewPort} (embedded)`;
  if (options.json)
    printLine({
      ready: true,
      temporal: stack.temporalAddress,
      temporalUi: stack.temporalUi,
      annotation,
      webhooks: receiver.url,
    });
  note(
    [
      'Frameloop is up. Ctrl-C ends it; what runs goes on at the next start.',
      `  Temporal        ${stack.temporalAddress}`,
      `  Temporal UI     ${stack.temporalUi}`,
      // The link holds the key to the page; whoever sees it may review.
      `  annotation      ${stack.reviewLink ?? annotation}`,
      ...stack.reviewUrls.map((url) => `                  for other machines: ${url} (sign in with the password)`),
      `  webhooks        ${receiver.url} (register them with: frameloop webhook install --url ${receiver.url})`,
      `  configuration   ${config.file ?? 'none: the defaults hold (frameloop init writes one)'}`,
      `  log             ${config.paths.data}/pipeline.log`,
      'Start a round with: frameloop start',
    ].join('\n'),
  );
  const { broken } = stack;
  if (!interrupted.aborted && !broken.aborted) {
    await Promise.race([once(interrupted, 'abort'), once(broken, 'abort')]);
  }
  note('Stopping …');
  await receiver.close();
  await stack.stop();
  // Whoever started us sees that it does not run, rather than half of it running.
  if (!interrupted.aborted) broken.throwIfAborted();
}

async function receiveWebhooksFor(stack: Stack, port: number): Promise<WebhookReceiver> {
  const environment = { ...process.env, ...localTemporalEnvironment(stack.temporalAddress) };
  try {
    return await receiveWebhooks({ host: '127.0.0.1', port }, temporalTarget(environment));
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
