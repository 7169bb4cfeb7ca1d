import { execa } from 'execa';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';

interface LockFile {
  pid: number;
  /** The servers that were started, so that a stack that was killed does not leave them behind for ever. */
  programs: number[];
}

export interface DataFolderLock {
  record(programs: number[]): Promise<void>;
  release(): Promise<void>;
}

/**
 * Two stacks on one data folder would fight over its databases. Takes the folder over from a stack that was killed, and
 * ends the servers that it left running.
 *
 * @throws PipelineError ALREADY_RUNNING
 */
export async function lockDataFolder(dataFolder: string): Promise<DataFolderLock> {
  const file = path.join(dataFolder, 'stack.json');
  const before = await readLock(file);
  if (before && isAlive(before.pid)) {
    throw new PipelineError('ALREADY_RUNNING', `Frameloop runs on ${dataFolder} already (process ${before.pid}).`, {
      hint: 'Use that one, end it, or choose another data folder.',
    });
  }
  for (const pid of before?.programs ?? []) await endLeftover(pid, dataFolder);
  const write = (programs: number[]) => {
    const content: LockFile = { pid: process.pid, programs };
    return writeFileAtomic(file, `${JSON.stringify(content)}\n`);
  };
  await write([]);
  return { record: write, release: () => rm(file, { force: true }) };
}

async function readLock(file: string): Promise<LockFile | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LockFile;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Process ids are used again: only a program that was started with our data folder is ours. */
async function endLeftover(pid: number, dataFolder: string): Promise<void> {
  if (!isAlive(pid)) return;
  const { stdout } = await execa('ps', ['-p', `${pid}`, '-o', 'args='], { reject: false });
  if (!stdout?.includes(dataFolder)) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; waited < 50 && isAlive(pid); waited += 1) await sleep(100);
}
