import { PipelineError } from '../common/errors.js';
import type { TemporalTarget } from './target.js';

/** What is wrong when no connection comes about, from what the two libraries (gRPC for JavaScript, Temporal's core) say. */
export function connectionError({ address, connectionOptions }: TemporalTarget, cause: unknown): PipelineError {
  const said = wordsOf(cause);
  if (/UNAUTHENTICATED|PERMISSION_DENIED|authentication credentials|does not have permission/.test(said)) {
    return new PipelineError('TEMPORAL_REFUSED', `The Temporal server at ${address} refuses our credentials.`, {
      hint: 'Check TEMPORAL_API_KEY, or the client certificate, and that they belong to TEMPORAL_NAMESPACE.',
      cause,
    });
  }
  const [, certificate] =
    /InvalidCertificate\((?:Other\(OtherError\()?(\w+)|fatal alert: (\w+)/.exec(said)?.filter(Boolean) ?? [];
  if (certificate !== undefined) {
    const message = `The Temporal server at ${address} and we do not trust each other's certificates (${certificate}).`;
    return new PipelineError('TEMPORAL_TLS_FAILED', message, { hint: tlsHint, cause });
  }
  return new PipelineError('TEMPORAL_UNREACHABLE', `No Temporal server answers at ${address}.`, {
    hint:
      connectionOptions.tls === undefined || connectionOptions.tls === false
        ? 'Start one with `frameloop up`, or set TEMPORAL_ADDRESS to where yours is.'
        : `Check TEMPORAL_ADDRESS; a server that speaks no TLS does not answer either. ${tlsHint}`,
    retryable: true,
    cause,
  });
}

const tlsHint =
  'Check TEMPORAL_TLS_SERVER_CA_CERT_PATH, TEMPORAL_TLS_SERVER_NAME and the client certificate (TEMPORAL_TLS_CLIENT_…).';

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${wordsOf(error.cause)}` : '';
}
