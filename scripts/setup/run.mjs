import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { diagnose } from './diagnose.mjs';

/**
 * Runs a program with its output in the log file. The file itself is its standard output, not a pipe to us: should
 * set-up be killed, the program still comes to its end. `onStart` is told its process id, `signal` ends it.
 * @throws SetupError when it does not start or does not end well
 */
export async function runLogged(step, [command, ...parameters], { cwd, env, log, onStart, signal, shell = false }) {
  const shown = [command, ...parameters].join(' ');
  appendFileSync(log, `\n$ ${shown}\n`);
  const start = readFileSync(log).length;
  const file = openSync(log, 'a');
  try {
    const child = spawn(command, parameters, { cwd, env, shell, signal, stdio: ['ignore', file, file] });
    if (child.pid !== undefined) onStart?.(child.pid);
    const outcome = await new Promise((resolve) => {
      child.once('error', (error) => resolve(`did not start: ${error.message}`));
      child.once('close', (code, by) => resolve(code === 0 ? undefined : `ended with ${by ?? `exit code ${code}`}`));
    });
    signal?.throwIfAborted();
    if (outcome !== undefined) throw diagnose(step, shown, outcome, readFileSync(log).subarray(start).toString('utf8'));
  } finally {
    closeSync(file);
  }
}

/** npm without a shell where possible: the npm that started us, else the one on PATH (a .cmd file on Windows). */
export function npmCommand(environment) {
  const running = environment.npm_execpath;
  if (running?.endsWith('npm-cli.js')) return { command: [process.execPath, running], shell: false };
  return { command: ['npm'], shell: process.platform === 'win32' };
}
