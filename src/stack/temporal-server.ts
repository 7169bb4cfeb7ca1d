import { Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { findTool, programEnvironment } from '../tools/index.js';
import { Service, type ServiceOptions } from './service.js';

export interface TemporalServerOptions extends Pick<ServiceOptions, 'onSpawn' | 'onRestart'> {
  dataFolder: string;
  port: number;
  uiPort: number;
}

/** Temporal's own development server, with its state in a file: after a restart on the same file everything goes on. */
export async function temporalServer(options: TemporalServerOptions): Promise<Service> {
  const { dataFolder, port, uiPort, onSpawn, onRestart } = options;
  const tool = await findTool('temporal');
  return new Service({
    name: 'Temporal server',
    command: tool.path,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`],
      ...['--db-filename', path.join(dataFolder, 'temporal.sqlite'), '--log-level', 'warn'],
    ],
    env: programEnvironment(),
    extendEnv: false,
    logFile: path.join(dataFolder, 'temporal.log'),
    ready: (_lines, signal) => untilTemporalAnswers(`127.0.0.1:${port}`, signal),
    onSpawn,
    onRestart,
  });
}

/** Whether a Temporal server answers at the address within a moment. */
async function temporalAnswers(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '1s' });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

async function untilTemporalAnswers(address: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await temporalAnswers(address)) return;
    await sleep(100);
  }
}
