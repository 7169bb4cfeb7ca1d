import { createLog } from '../../common/log.js';
import { runWorker } from '../../workers/main.js';
import { temporalTarget } from '../../workers/target.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { note, printLine } from '../output.js';

interface WorkerCommandOptions extends CommonOptions {
  quiet?: boolean;
  withParent?: boolean;
}

export async function worker(options: WorkerCommandOptions): Promise<void> {
  const { paths } = await readContext(options);
  const log = createLog({ dataFolder: paths.data, process: 'worker', quiet: options.quiet });
  if (options.withParent) process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM')).resume();
  try {
    await runWorker({
      folder: process.cwd(),
      env: process.env,
      configFile: namedConfig(options),
      target: temporalTarget(process.env),
      log,
      onReady: () => (options.json ? printLine({ ready: true }) : note('The worker is ready.')),
    });
  } finally {
    // The open pipe to the parent would keep this process alive.
    if (options.withParent) process.stdin.destroy();
  }
}
