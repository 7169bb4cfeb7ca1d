import { loadClientConnectConfig } from '@temporalio/envconfig';
import { devNull } from 'node:os';
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
    Object.entries(env).filter(
      // Empty means unset, as in .env: Docker and systemd pass on the empty lines of such a file.
      (entry): entry is [string, string] => Boolean(entry[1]),
    ),
  );
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars,
      // It would be an empty file, which the library cannot read.
      disableFile: env.TEMPORAL_CONFIG_FILE === devNull,
    });
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
