import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../common/files.js';
import { argumentsOf } from '../../common/processes.js';
import { stopTree } from '../../tools/index.js';

const fileOf = (folder: string): string => path.join(folder, 'process');

/** Notes which process writes into the folder, for {@link endOrphan}. */
export async function rememberProcess(folder: string, pid: number): Promise<void> {
  await writeFileAtomic(fileOf(folder), `${pid}\n`);
}

/**
 * Ends the program that an earlier run of ours left behind when it was killed: two programs that write the same partial
 * file would spoil it. Only a process that has the folder in its arguments is taken for ours, since the system gives
 * the numbers of ended processes to new ones.
 */
export async function endOrphan(folder: string): Promise<void> {
  let pid: number;
  try {
    pid = Number(await readFile(fileOf(folder), 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (Number.isInteger(pid) && pid > 1 && (await argumentsOf(pid)).includes(folder)) await stopTree({ pid });
}
