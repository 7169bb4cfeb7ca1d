import { devNull } from 'node:os';

/**
 * The environment of a worker that belongs to the Temporal server of this machine: whatever else the user's environment
 * says about Temporal (an API key or certificates of a cluster elsewhere) is neither needed there nor sent there.
 */
export function localTemporalEnvironment(address: string): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_PROFILE: '',
    TEMPORAL_CONFIG_FILE: devNull,
    TEMPORAL_API_KEY: '',
    TEMPORAL_TLS: 'false',
    TEMPORAL_TLS_CLIENT_CERT_PATH: '',
    TEMPORAL_TLS_CLIENT_KEY_PATH: '',
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: '',
    TEMPORAL_TLS_SERVER_NAME: '',
  };
}
