import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TemporalTarget } from './target.js';
import { connectNative } from './connect-native.js';
import { createWorker, type CreateWorkerOptions } from './create-worker.js';

export interface RunWorkerOptions extends Omit<CreateWorkerOptions, 'connection' | 'namespace'> {
  target: TemporalTarget;
  log: Logger;
  /** Called once the worker polls. */
  onReady?: () => void;
}

/** Runs a worker until a signal (SIGINT, SIGTERM) tells it to stop. Once per process: it installs the SDK's runtime. */
export async function runWorker({ target, log, onReady, ...options }: RunWorkerOptions): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const { error, ...rest } = (meta ?? {}) as { error?: unknown };
      const line = {
        ...rest,
        ...(error === undefined ? {} : { error: error instanceof Error ? error.message : error }),
      };
      log[level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error'](line, message);
    }),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  });
  const connection = await connectNative(target, { onRetry: (message) => log.warn(message) });
  try {
    const { worker, close } = await createWorker({ ...options, connection, namespace: target.namespace });
    try {
      const running = worker.run();
      log.info({ address: target.address, taskQueue: worker.options.taskQueue }, 'The worker is ready');
      onReady?.();
      await running;
    } finally {
      await close();
    }
  } finally {
    await connection.close();
  }
}
