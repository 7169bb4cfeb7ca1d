import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localTemporalEnvironment } from '../../../src/stack/local-temporal.js';
import { temporalTarget } from '../../../src/workers/target.js';
import { read } from '../docs/files.js';

const folder = mkdtempSync(path.join(tmpdir(), 'frameloop-target-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** As Docker and systemd read .env.example: every variable is there, and empty. */
const empty: Record<string, string> = Object.fromEntries(
  [...read('.env.example').matchAll(/^(TEMPORAL_\w+)=$/gm)].map(([, name = '']) => [name, '']),
);

describe('where the Temporal server is', () => {
  it('is this machine while every variable is empty', () => {
    expect(Object.keys(empty)).toContain('TEMPORAL_TLS_CLIENT_CERT_PATH');
    expect(temporalTarget(empty)).toMatchObject({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  it('speaks TLS as soon as there is an API key, also where TEMPORAL_TLS is there and empty', () => {
    const { connectionOptions } = temporalTarget({ ...empty, TEMPORAL_API_KEY: 'planted' });
    expect(connectionOptions).toMatchObject({ apiKey: 'planted', tls: true });
  });

  it('is what the configuration file of Temporal’s tools says, but not for the server that we start ourselves', () => {
    const file = path.join(folder, 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "cloud.test:7233"\nnamespace = "team"\napi_key = "planted"\n');
    const env = { ...empty, TEMPORAL_CONFIG_FILE: file };
    expect(temporalTarget(env)).toMatchObject({ address: 'cloud.test:7233', namespace: 'team' });
    const { connectionOptions, ...local } = temporalTarget({ ...env, ...localTemporalEnvironment('127.0.0.1:7000') });
    expect(local).toEqual({ address: '127.0.0.1:7000', namespace: 'default' });
    expect(JSON.stringify(connectionOptions)).not.toContain('planted');
  });
});
