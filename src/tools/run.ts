import { execa, type ResultPromise } from 'execa';

/** Time between the request to end and the end by force, in milliseconds: enough to close files, short for a person. */
export const killDelayMs = 2000;

/** A program with the programs it started. Its promise does not reject: look at `failed`, and at the signal first. */
export type ProgramTree = ResultPromise<{ stdin: 'ignore'; reject: false }>;

export interface TreeOptions {
  /** The folder it runs in. Default: ours. */
  cwd?: string;
  /** The whole environment. Default: ours. */
  env?: NodeJS.ProcessEnv;
  /** What it prints is appended to this file, and not kept in memory: for what runs for hours. */
  outputFile?: string;
}

/**
 * Starts a program that may start programs of its own (yt-dlp starts ffmpeg and a JavaScript runtime) in a process
 * group of its own, so that aborting `signal` ends all of them: see {@link stopTree}.
 */
export function startTree(
  file: string,
  programArguments: readonly string[],
  signal?: AbortSignal,
  { cwd, env, outputFile }: TreeOptions = {},
): ProgramTree {
  signal?.throwIfAborted();
  const output = outputFile === undefined ? ('pipe' as const) : { file: outputFile, append: true };
  // On Windows `detached` would open a console window, and taskkill finds the children without it.
  const child = execa(file, programArguments, {
    stdin: 'ignore',
    reject: false,
    detached: process.platform !== 'win32',
    cwd,
    ...(env && { env, extendEnv: false }),
    stdout: output,
    stderr: output,
    buffer: outputFile === undefined,
  }) as ProgramTree;
  const stop = (): void => void stopTree(child);
  // A detached child would outlive us on an ordinary exit.
  const stopNow = (): void => killGroup(child.pid, 'SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  process.once('exit', stopNow);
  const release = (): void => {
    signal?.removeEventListener('abort', stop);
    process.removeListener('exit', stopNow);
  };
  void child.finally(release);
  return child;
}

/** Asks a program started by {@link startTree} and all its children to end, and ends by force what is left after 2 s. */
export async function stopTree(child: { pid?: number }): Promise<void> {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    await execa('taskkill', ['/pid', String(child.pid), '/T', '/F'], { reject: false });
    return;
  }
  killGroup(child.pid, 'SIGTERM');
  const deadline = Date.now() + killDelayMs;
  while (groupIsAlive(child.pid)) {
    if (Date.now() > deadline) return killGroup(child.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch (error) {
    // ESRCH: it ended by itself in the meantime, which is what we want.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function groupIsAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    // ESRCH: nobody left. EPERM cannot happen to our own children.
    return false;
  }
}
