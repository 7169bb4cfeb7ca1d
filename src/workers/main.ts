import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/index.js';
import type { TemporalTarget } from './target.js';
import { namesFromWorkflow } from './log-attributes.js';
import { metricsOptions, startGauges } from './telemetry.js';
import { startTracing } from './tracing.js';
import { connectNative } from './connect-native.js';
import { ensureSearchAttributes } from './search-attributes.js';
import { createWorkers, type CreateWorkersOptions } from './create-worker.js';

export interface RunWorkerOptions extends Omit<CreateWorkersOptions, 'connection' | 'namespace' | 'tracing'> {
  target: TemporalTarget;
  log: Logger;
  /** What the gauges are about. */
  config: Pick<LoadedConfig, 'paths' | 'storage'>;
  /** Called once the worker polls. */
  onReady?: () => void;
}

/** Runs a worker until a signal (SIGINT, SIGTERM) tells it to stop. Once per process: it installs the SDK's runtime. */
export async function runWorker({ target, log, onReady, config, ...options }: RunWorkerOptions): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const { error, ...rest } = (meta ?? {}) as { error?: unknown; workflowId?: unknown };
      const line = {
        ...namesFromWorkflow(rest),
        ...rest,
        ...(error === undefined ? {} : { error: error instanceof Error ? error.message : error }),
      };
      log[level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error'](line, message);
    }),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      metrics: metricsOptions(options.env),
    },
  });
  const tracing = startTracing(options.env, log);
  const stopGauges = startGauges({ ...options, target }, config, log);
  const { signal, release } = firstSignal();
  try {
    const connection = await connectNative(target, { onRetry: (message) => log.warn(message), signal });
    try {
      const { namespace } = target;
      const searchAttributes = await ensureSearchAttributes(connection, namespace, log);
      const workers = await createWorkers({ ...options, connection, namespace, searchAttributes, tracing });
      const running = workers.run();
      const { taskQueues } = workers;
      log.info({ address: target.address, roles: options.roles, taskQueues }, 'The worker is ready');
      onReady?.();
      await running;
    } finally {
      await connection.close();
    }
  } catch (error) {
    // Told to stop before there was a server: there is nothing to stop.
    if (!(signal.aborted && error instanceof Error && error.name === 'AbortError')) throw error;
  } finally {
    release();
    await stopGauges();
    await tracing?.stop();
  }
}

/** What tells the SDK's workers to stop, too. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR2'] as const;

/**
 * Listens for the signals to stop until `release`. The SDK takes its own listeners away at the first signal, and what
 * watches over child programs (execa) ends a process at once that has no other: no activity would stop in order. A second
 * signal ends the process, since whoever sends it does not want to wait.
 */
function firstSignal(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const listen = () => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  };
  for (const name of stopSignals) process.on(name, listen);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of stopSignals) process.off(name, listen);
    },
  };
}
