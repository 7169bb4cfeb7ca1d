import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SetupError } from './diagnose.mjs';
import { isAtLeast } from './versions.mjs';

const execute = promisify(execFile);
const minimum = '3.10';

const names = [14, 13, 12, 11, 10].map((minor) => `python3.${minor}`);
const commands = [...names, 'python3', 'python'].map((name) => [name]);

// Debian ships Python without ensurepip, which `python -m venv` needs to bring pip along.
const question = `
import sys, importlib.util as u
print(".".join(map(str, sys.version_info[:3])), all(u.find_spec(m) for m in ("venv", "ensurepip")))`;

/**
 * The first Python that can make a virtual environment, as a command line without arguments.
 * @throws SetupError that names the programs it is needed for
 */
export async function findPython(neededFor, environment) {
  const candidates = process.platform === 'win32' ? [...commands, ['py', '-3']] : commands;
  const seen = [];
  for (const command of candidates) {
    const answer = await ask(command, environment);
    if (answer === undefined) continue;
    if (isAtLeast(answer.version, minimum) && answer.complete) return command;
    seen.push({ ...answer, name: command.join(' ') });
  }
  throw noPython(seen, neededFor);
}

async function ask([command, ...parameters], environment) {
  try {
    const { stdout } = await execute(command, [...parameters, '-c', question], { env: environment, timeout: 30_000 });
    const [version, complete] = stdout.trim().split(' ');
    return { version, complete: complete === 'True' };
  } catch {
    // Not there, or a version manager's placeholder for a version that is not installed.
    return undefined;
  }
}

/** What was found instead decides what there is to do. */
export function noPython(seen, neededFor) {
  const either = `or install ${neededFor.join(', ')} yourself and put them on PATH; then run this again.`;
  const incomplete = seen.find(({ version }) => isAtLeast(version, minimum));
  if (incomplete !== undefined) {
    return new SetupError(
      `${incomplete.name} ${incomplete.version} lacks its modules venv and ensurepip.`,
      `Install them (on Debian and Ubuntu: apt install python3-venv), ${either}`,
    );
  }
  const old = seen.map(({ name, version }) => `${name} is ${version}`).join(', ');
  return new SetupError(
    `Python ${minimum} or newer is needed to install ${neededFor.join(', ')}, and ${old === '' ? 'none was found' : old}.`,
    `Install Python (python.org, or apt install python3 python3-venv, or brew install python), ${either}`,
  );
}
