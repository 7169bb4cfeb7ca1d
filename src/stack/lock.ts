import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import { argumentsOf, processExists, processStart } from '../common/processes.js';

interface LockFile {
  pid: number;
  /** See {@link processStart}. Missing in the files of earlier versions. */
  processStart?: string | null;
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
  if (before && (await isHeld(before))) {
    throw new PipelineError('ALREADY_RUNNING', `Frameloop runs on ${dataFolder} already (process ${before.pid}).`, {
      hint: 'Use that one, end it, or choose another data folder.',
    });
  }
  for (const pid of before?.programs ?? []) await endLeftover(pid, dataFolder);
  const ours = { pid: process.pid, processStart: await processStart(process.pid) };
  const write = (programs: number[]) => {
    const content: LockFile = { ...ours, programs };
    return writeFileAtomic(file, `${JSON.stringify(content)}\n`);
  };
  await write([]);
  // One after the other: the last word is the newest, and none comes after the file was removed.
  let writing = Promise.resolve();
  return {
    record: (programs) => (writing = writing.catch(() => undefined).then(() => write(programs))),
    release: async () => {
      await writing.catch(() => undefined);
      await rm(file, { force: true });
    },
  };
}

/** What a power cut left of the file holds nothing. */
async function readLock(file: string): Promise<LockFile | undefined> {
  try {
    const lock = JSON.parse(await readFile(file, 'utf8')) as Partial<LockFile> | null;
    if (typeof lock?.pid !== 'number') return undefined;
    const { pid, processStart, programs } = lock;
    return { pid, processStart, programs: Array.isArray(programs) ? programs : [] };
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether the process that wrote the lock runs still. The system gives the numbers of ended processes to new ones, in a
 * container the same one at every start: our own number was somebody else's then.
 */
async function isHeld({ pid, processStart: start }: LockFile): Promise<boolean> {
  if (pid === process.pid || !processExists(pid)) return false;
  return start === undefined || start === (await processStart(pid));
}

/** Process ids are used again: only a program that was started with our data folder is ours. */
async function endLeftover(pid: number, dataFolder: string): Promise<void> {
  if (pid === process.pid || !processExists(pid) || !(await argumentsOf(pid)).includes(dataFolder)) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; waited < 50 && processExists(pid); waited += 1) await sleep(100);
}
