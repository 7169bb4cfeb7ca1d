import { Client, Connection } from '@temporalio/client';
import { PipelineError } from '../common/errors.js';
import { temporalTarget, type TemporalTarget } from '../workers/target.js';

/** Runs `use` with a client of the Temporal server that the environment names. @throws PipelineError TEMPORAL_UNREACHABLE */
export async function withClient<T>(
  use: (client: Client) => Promise<T>,
  target = temporalTarget(process.env),
): Promise<T> {
  const connection = await connect(target);
  try {
    return await use(new Client({ connection, namespace: target.namespace }));
  } finally {
    await connection.close();
  }
}

async function connect(target: TemporalTarget): Promise<Connection> {
  try {
    return await Connection.connect({ ...target.connectionOptions, connectTimeout: '5s' });
  } catch (error) {
    throw new PipelineError('TEMPORAL_UNREACHABLE', `No Temporal server answers at ${target.address}.`, {
      hint: 'Start one with `frameloop up`, or set TEMPORAL_ADDRESS to where yours is.',
      retryable: true,
      cause: error,
    });
  }
}
