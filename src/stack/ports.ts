import { createServer } from 'node:net';
import { PipelineError, systemErrorCode } from '../common/errors.js';

const host = '127.0.0.1';

/** Whether a server could listen on the port right now; with 0, the number of a free port. */
async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  } catch (error) {
    if (systemErrorCode(error) === 'EADDRINUSE' || systemErrorCode(error) === 'EACCES') return undefined;
    throw error;
  } finally {
    server.close();
  }
}

/** @throws PipelineError PORT_IN_USE */
export async function requirePort(port: number, what: string, option: string): Promise<number> {
  const free = await tryPort(port);
  if (free !== undefined) return free;
  throw new PipelineError('PORT_IN_USE', `Port ${port}, wanted for ${what}, is used by another program.`, {
    hint: `End that program, or choose another port with ${option}.`,
  });
}

/** The wanted port if it is free, else any other. */
export async function preferPort(port: number): Promise<number> {
  const free = (await tryPort(port)) ?? (await tryPort(0));
  if (free === undefined) throw new PipelineError('PORT_IN_USE', 'No free port was found on 127.0.0.1.');
  return free;
}
