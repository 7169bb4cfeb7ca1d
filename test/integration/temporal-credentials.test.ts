import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readFile } from 'node:fs/promises';
import { createSecureServer, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectPlain, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../src/client/connect.js';
import { connectNative } from '../../src/workers/connect-native.js';
import { temporalTarget, type TemporalTarget } from '../../src/workers/target.js';
import { certificateAuthority, type CertificateFiles } from '../helpers/certificates.js';
import { findChecker } from '../helpers/checkers.js';
import { temporaryFolder } from '../helpers/programs.js';
import { createEnvironment } from '../helpers/workflow-environment.js';

const serverName = 'temporal.test';
const apiKey = 'planted-api-key';

/** What the command line and the worker do to connect. */
const ways: [string, (target: TemporalTarget) => Promise<void>][] = [
  ['the client', (target) => withClient((client) => describeNamespace(client, target), target)],
  ['the worker', async (target) => (await connectNative(target, { patienceMs: 0 })).close()],
];

async function describeNamespace(
  client: Parameters<Parameters<typeof withClient>[0]>[0],
  { namespace }: TemporalTarget,
): Promise<void> {
  await client.workflowService.describeNamespace({ namespace });
}

describe.skipIf(!findChecker('openssl'))('a Temporal elsewhere (needs openssl to make certificates)', () => {
  let environment: TestWorkflowEnvironment;
  let authority: Awaited<ReturnType<typeof certificateAuthority>>;
  let client: CertificateFiles;
  let stranger: CertificateFiles;
  let removeFolder: () => Promise<void>;
  /** In front of a real server: it takes nobody without a certificate of the authority. */
  let mutualTls: Server;
  /** Takes no credentials at all, and remembers what it was shown. */
  let refusing: ReturnType<typeof createSecureServer>;
  const shown: IncomingHttpHeaders[] = [];

  beforeAll(async () => {
    const { folder, remove } = await temporaryFolder('credentials');
    removeFolder = remove;
    authority = await certificateAuthority(folder, 'authority');
    client = await authority.issue('client');
    stranger = await (await certificateAuthority(folder, 'other')).issue('stranger');
    const own = await authority.issue('server', serverName);
    const identity = { key: await readFile(own.key), cert: await readFile(own.certificate) };
    environment = await createEnvironment();
    const [, port = ''] = environment.address.split(':');
    mutualTls = createTlsServer(
      { ...identity, ca: await readFile(authority.certificate), requestCert: true, ALPNProtocols: ['h2'] },
      (socket) => {
        const server = connectPlain(Number(port), '127.0.0.1');
        socket.on('error', () => server.destroy()).pipe(server);
        server.on('error', () => socket.destroy()).pipe(socket);
      },
    );
    refusing = createSecureServer(identity).on('stream', (stream, headers) => {
      shown.push(headers);
      const refusal = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...refusal }, { endStream: true });
    });
    for (const server of [mutualTls, refusing]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  });
  afterAll(async () => {
    mutualTls.close();
    refusing.close();
    await environment.teardown();
    await removeFolder();
  });

  const target = (server: { address(): unknown }, more: Record<string, string>): TemporalTarget =>
    temporalTarget({
      TEMPORAL_ADDRESS: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.certificate,
      TEMPORAL_TLS_SERVER_NAME: serverName,
      ...more,
    });
  const withCertificate = ({ certificate, key }: CertificateFiles) => ({
    TEMPORAL_TLS_CLIENT_CERT_PATH: certificate,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
  });

  it.each(ways)('%s gets in with a client certificate', async (_, connect) => {
    await connect(target(mutualTls, withCertificate(client)));
  });

  it.each(ways)('%s does not get in with that of somebody else', async (_, connect) => {
    const attempt = connect(target(mutualTls, withCertificate(stranger)));
    await expect(attempt).rejects.toMatchObject({ hint: expect.stringContaining('TEMPORAL_TLS_CLIENT_') as string });
  });

  it.each(ways)('%s shows the API key, and says when it is refused', async (_, connect) => {
    shown.length = 0;
    const attempt = connect(target(refusing, { TEMPORAL_API_KEY: apiKey, TEMPORAL_NAMESPACE: 'team.a1b2c' }));
    await expect(attempt).rejects.toMatchObject({ code: 'TEMPORAL_REFUSED', retryable: false });
    expect(shown[0]?.authorization).toBe(`Bearer ${apiKey}`);
  });

  it('an API key goes nowhere without TLS', () => {
    expect(temporalTarget({ TEMPORAL_ADDRESS: 'a:7233', TEMPORAL_API_KEY: apiKey }).connectionOptions.tls).toBeTruthy();
  });

  it('a server whose certificate is not trusted is told apart from one that is not there', async () => {
    const wrong = target(mutualTls, {
      ...withCertificate(client),
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: stranger.certificate,
    });
    await expect(connectNative(wrong, { patienceMs: 60_000 })).rejects.toMatchObject({ code: 'TEMPORAL_TLS_FAILED' });
  });
});
