import { describe, expect, it } from 'vitest';
import { localTemporalEnvironment } from '../../../src/stack/local-temporal.js';
import { temporalTarget } from '../../../src/workers/target.js';

describe('the worker beside the Temporal server of this machine', () => {
  const local = localTemporalEnvironment('127.0.0.1:7233');

  it.each([
    {
      where: 'Temporal Cloud with an API key',
      env: { TEMPORAL_ADDRESS: 'cloud.test:7233', TEMPORAL_API_KEY: 'planted' },
    },
    { where: 'a namespace of its own and TLS', env: { TEMPORAL_NAMESPACE: 'prod', TEMPORAL_TLS: 'true' } },
    {
      where: 'mutual TLS',
      env: { TEMPORAL_TLS_CLIENT_CERT_PATH: '/no/cert.pem', TEMPORAL_TLS_CLIENT_KEY_PATH: '/no/key.pem' },
    },
    {
      where: 'a server name',
      env: { TEMPORAL_TLS_SERVER_NAME: 'cloud.test', TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/no/ca' },
    },
  ])('stays with that server, unencrypted and without secrets, when the environment names $where', ({ env }) => {
    const { address, namespace, connectionOptions } = temporalTarget({ ...env, ...local });
    expect({ address, namespace }).toEqual({ address: '127.0.0.1:7233', namespace: 'default' });
    expect(connectionOptions.tls ?? false).toBe(false);
    expect(connectionOptions.apiKey ?? '').toBe('');
  });
});
