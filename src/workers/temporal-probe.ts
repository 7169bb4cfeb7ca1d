import { Connection } from '@temporalio/client';
import type { TemporalTarget } from './target.js';

/** Asks Temporal whether it would take and give work now: it answers, and takes the credentials for the namespace. */
export interface TemporalProbe {
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

export function createTemporalProbe(
  { connectionOptions, namespace }: TemporalTarget,
  patienceMs = 5000,
): TemporalProbe {
  // gRPC's own backoff goes up to two minutes: so long after the server came back it would still be called away.
  const channelArgs = { 'grpc.max_reconnect_backoff_ms': 10_000 };
  const connection = Connection.lazy({ ...connectionOptions, channelArgs });
  return {
    answers: () =>
      connection
        .withDeadline(Date.now() + patienceMs, () => connection.workflowService.describeNamespace({ namespace }))
        .then(
          () => true,
          () => false,
        ),
    close: () => connection.close(),
  };
}
