import { NativeConnection } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../common/errors.js';
import { connectionError } from './connection-error.js';
import type { TemporalTarget } from './target.js';

/** A server that starts together with the worker needs a moment; one that does not exist is told of after this time. */
const patienceMs = 120_000;

/**
 * Connects a worker, patiently: the native connection itself gives up at the first refusal.
 *
 * @throws PipelineError as {@link connectionError} says
 */
export async function connectNative(
  target: TemporalTarget,
  options: { patienceMs?: number; onRetry?: (message: string) => void; signal?: AbortSignal } = {},
): Promise<NativeConnection> {
  const giveUpAt = Date.now() + (options.patienceMs ?? patienceMs);
  for (let delayMs = 250; ; delayMs = Math.min(delayMs * 2, 10_000)) {
    options.signal?.throwIfAborted();
    try {
      return await NativeConnection.connect(target.connectionOptions);
    } catch (error) {
      const told = connectionError(target, error);
      if (!told.retryable || Date.now() + delayMs > giveUpAt) throw told;
      options.onRetry?.(`No Temporal server at ${target.address} yet (${messageOf(error)}); trying again`);
      await sleep(delayMs, undefined, { signal: options.signal });
    }
  }
}
