import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { systemErrorCode } from './errors.js';

/**
 * When a process started, in clock ticks since boot; tells it from a later one with its number. Field 22 of
 * /proc/<pid>/stat (proc_pid_stat(5)); the name before it, in brackets, may hold spaces. Null elsewhere than on Linux.
 */
export async function processStart(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return null; // no /proc here, or the process has just ended
    throw error;
  }
}

/** Whether a process with this number runs, whoever owns it. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return systemErrorCode(error) !== 'ESRCH';
  }
}

/** The command line of a process; empty where there is none with this number. */
export async function argumentsOf(pid: number): Promise<string> {
  if (process.platform === 'win32') return '';
  const { stdout } = await execa('ps', ['-ww', '-o', 'args=', '-p', `${pid}`], { reject: false });
  if (stdout) return stdout;
  // Small containers have no ps, but Linux.
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}
