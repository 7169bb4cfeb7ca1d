import { loadClientConnectConfig } from '@temporalio/envconfig';
import { messageOf, PipelineError } from '../common/errors.js';

export interface TemporalTarget {
  address: string;
  namespace: string;
  connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

/**
 * Where the Temporal server is: from TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS… and
 * Temporal's own configuration file, as all Temporal tools read them.
 *
 * @throws PipelineError TEMPORAL_CONFIG_INVALID
 */
export function temporalTarget(env: NodeJS.ProcessEnv): TemporalTarget {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
    const address = connectionOptions.address ?? '127.0.0.1:7233';
    return { address, namespace: namespace ?? 'default', connectionOptions: { ...connectionOptions, address } };
  } catch (error) {
    throw new PipelineError(
      'TEMPORAL_CONFIG_INVALID',
      `The Temporal connection is not configured well: ${messageOf(error)}.`,
      {
        hint: 'Look at the TEMPORAL_* variables in .env and at Temporal’s configuration file.',
        cause: error,
      },
    );
  }
}
