import { mkdirSync } from 'node:fs';
import path from 'node:path';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

/**
 * The log of a process: JSON lines at the end of `<dataFolder>/pipeline.log`, and the same in a readable form on stderr
 * unless `quiet`.
 */
export function createLog(options: { dataFolder: string; process: string; quiet?: boolean }): Logger {
  mkdirSync(options.dataFolder, { recursive: true });
  const file = pino.destination({ dest: path.join(options.dataFolder, 'pipeline.log'), sync: false });
  const streams: pino.StreamEntry[] = [{ level: 'debug', stream: file }];
  if (!options.quiet) {
    const terminal = pretty({ destination: 2, ignore: 'pid,hostname,process', translateTime: 'SYS:HH:MM:ss', sync: true });
    streams.push({ level: 'info', stream: terminal });
  }
  return pino({ level: 'debug', base: { process: options.process, pid: process.pid } }, pino.multistream(streams));
}
