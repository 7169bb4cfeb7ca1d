import { mkdirSync } from 'node:fs';
import path from 'node:path';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import { RotatingFile } from './rotating-file.js';
import { messageOf, PipelineError, systemErrorCode } from './errors.js';

/**
 * The log of a process: JSON lines at the end of `<dataFolder>/pipeline.log`, and the same in a readable form on stderr
 * unless `quiet`.
 *
 * @throws PipelineError DATA_FOLDER_UNWRITABLE
 */
export function createLog(options: { dataFolder: string; process: string; quiet?: boolean }): Logger {
  const { dataFolder } = options;
  const log = path.join(dataFolder, 'pipeline.log');
  let file: RotatingFile;
  try {
    mkdirSync(dataFolder, { recursive: true });
    file = new RotatingFile(log);
  } catch (error) {
    throw new PipelineError(
      'DATA_FOLDER_UNWRITABLE',
      `The data folder ${dataFolder} cannot be written to (${systemErrorCode(error) ?? messageOf(error)}).`,
      { hint: 'Set paths.data in the configuration to a folder that you may write to.', cause: error },
    );
  }
  const streams: pino.StreamEntry[] = [{ level: 'debug', stream: file }];
  if (!options.quiet) {
    const terminal = pretty({
      destination: 2,
      ignore: 'pid,hostname,process',
      translateTime: 'SYS:HH:MM:ss',
      sync: true,
    });
    streams.push({ level: 'info', stream: terminal });
  }
  return pino({ level: 'debug', base: { process: options.process, pid: process.pid } }, pino.multistream(streams));
}
