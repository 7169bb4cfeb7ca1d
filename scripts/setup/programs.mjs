import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { SetupError } from './diagnose.mjs';
import { readVersion } from './versions.mjs';

const execute = promisify(execFile);

/** Generous: the first start of a large program on a cold, busy disk takes many seconds. */
const versionTimeoutMs = 60_000;
/** Starting yt-dlp takes a second or two, so its answer is remembered; not for ever, as it may be a wrapper script. */
const rememberedMs = 24 * 3_600_000;

export function executableName(tool) {
  return process.platform === 'win32' ? `${tool}.exe` : tool;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Absent, or not for us: either way it cannot be started.
    return false;
  }
}

/**
 * Looks for `tool` in its environment variable and on PATH, in the order of the program itself, and leaves out what
 * lies below `own`. Returns `{ path, version }` of the first that is recent enough. `remembered` keeps the answers.
 * @throws SetupError when the environment names a program that is not usable: the user's word is not overruled
 */
export async function findProgram(tool, rule, { environment, own, remembered }) {
  const named = environment[rule.environment];
  if (named !== undefined && named !== '') {
    const answer = await askVersion(path.resolve(named), rule, remembered);
    if (answer?.recentEnough === true) return { path: path.resolve(named), version: answer.version };
    throw new SetupError(
      `${rule.environment} names ${named}, which is not ${tool} ${rule.minimum} or newer.`,
      `Correct ${rule.environment} or unset it, then run this again.`,
    );
  }
  const folders = (environment.PATH ?? environment.Path ?? '').split(path.delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    const file = path.resolve(folder, executableName(tool));
    if (!isExecutable(file) || realpathSync(file).startsWith(own + path.sep)) continue;
    const answer = await askVersion(file, rule, remembered);
    if (answer?.recentEnough === true) return { path: file, version: answer.version };
  }
  return undefined;
}

/** `{ version, recentEnough }` of a program; undefined when it does not start or is another program. */
export async function askVersion(file, rule, remembered = {}) {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  const known = remembered[file];
  const fresh = known !== undefined && Date.now() - known.askedAt < rememberedMs;
  if (fresh && known.mtimeMs === status.mtimeMs && known.size === status.size) return known.answer;
  let answer;
  try {
    const { stdout } = await execute(file, rule.arguments, { timeout: versionTimeoutMs });
    answer = readVersion(rule, stdout);
  } catch {
    // It does not start, or ended with an error: not a program we can use, and the caller says what is missing.
    return undefined;
  }
  remembered[file] = { mtimeMs: status.mtimeMs, size: status.size, askedAt: Date.now(), answer };
  return answer;
}
