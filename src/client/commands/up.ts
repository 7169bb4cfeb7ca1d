import { once } from 'node:events';
import { cvatEnvironment } from '../../config/index.js';
import { startStack } from '../../stack/index.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { interruption, note, printLine } from '../output.js';

interface UpOptions extends CommonOptions {
  temporalPort: number;
  uiPort: number;
  reviewPort: number;
}

export async function up(options: UpOptions): Promise<void> {
  const config = await readContext(options);
  const cvat = cvatEnvironment(process.env);
  const interrupted = interruption();
  const stack = await startStack({
    dataFolder: config.paths.data,
    ports: { temporal: options.temporalPort, temporalUi: options.uiPort, review: options.reviewPort },
    portTaken: 'fail',
    review: !cvat,
    configFile: namedConfig(options),
    onRestart: note,
    signal: interrupted,
  });
  const annotation = cvat?.host ?? `http://127.0.0.1:${options.reviewPort} (embedded)`;
  if (options.json)
    printLine({ ready: true, temporal: stack.temporalAddress, temporalUi: stack.temporalUi, annotation });
  note(
    [
      'Frameloop is up. Ctrl-C ends it; what runs goes on at the next start.',
      `  Temporal        ${stack.temporalAddress}`,
      `  Temporal UI     ${stack.temporalUi}`,
      `  annotation      ${annotation}`,
      `  configuration   ${config.file ?? 'none: the defaults hold (frameloop init writes one)'}`,
      `  log             ${config.paths.data}/pipeline.log`,
      'Start a round with: frameloop start',
    ].join('\n'),
  );
  if (!interrupted.aborted) await once(interrupted, 'abort');
  note('Stopping …');
  await stack.stop();
}
