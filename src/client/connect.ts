import { Client, Connection } from '@temporalio/client';
import { dataConverter } from '../encryption/index.js';
import { connectionError } from '../workers/connection-error.js';
import { temporalTarget, type TemporalTarget } from '../workers/target.js';

/** Runs `use` with a client of the Temporal server that the environment names. @throws PipelineError as {@link connectionError} says */
export async function withClient<T>(
  use: (client: Client) => Promise<T>,
  target = temporalTarget(process.env),
): Promise<T> {
  const connection = await connect(target);
  try {
    return await use(
      new Client({ connection, namespace: target.namespace, dataConverter: dataConverter(process.env) }),
    );
  } finally {
    await connection.close();
  }
}

async function connect(target: TemporalTarget): Promise<Connection> {
  try {
    return await Connection.connect({ ...target.connectionOptions, connectTimeout: '5s' });
  } catch (error) {
    throw connectionError(target, error);
  }
}
