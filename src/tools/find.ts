import { constants } from 'node:fs';
import { access, chmod, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { PipelineError, messageOf } from '../common/errors.js';
import { programEnvironment } from './confine.js';
import { venvBinFolder } from './project.js';
import type { Tool, ToolName } from './types.js';
import { readVersion, versionRules } from './versions.js';

/** Generous: the first start of a large program on a cold, busy disk takes many seconds. */
const versionTimeoutMs = 60_000;

const found = new Map<ToolName, Promise<Tool>>();

/**
 * Finds an external program and checks its version. Looks in its environment variable (`FFMPEG_PATH`, `FFPROBE_PATH`,
 * `YTDLP_PATH`, `TEMPORAL_CLI_PATH`), on PATH, in the folder that set-up fills, and for ffprobe in the optional package
 * `@ffprobe-installer/ffprobe`. On PATH and below only a recent enough program counts; a path that the environment
 * names must be right. What was found is remembered for the life of the process.
 *
 * @throws PipelineError TOOL_MISSING, or TOOL_TOO_OLD when there is one, but only in an old version
 */
export function findTool(name: ToolName): Promise<Tool> {
  let tool = found.get(name);
  if (tool === undefined) {
    tool = searchTool(name);
    found.set(name, tool);
    // A failure is not remembered: the user may install the program while the worker runs.
    tool.catch(() => found.delete(name));
  }
  return tool;
}

/** {@link findTool} without the memory, for a given environment. */
export async function searchTool(name: ToolName, environment: NodeJS.ProcessEnv = process.env): Promise<Tool> {
  const variable = versionRules[name].environment;
  const named = environment[variable];
  if (named !== undefined && named !== '') return checkNamed(name, variable, path.resolve(named));

  let old: { path: string; version: string } | undefined;
  for await (const candidate of candidates(name, environment)) {
    const answer = await askVersion(name, candidate.path);
    if ('failure' in answer) continue;
    if (answer.recentEnough) return { name, ...candidate, version: answer.version };
    old ??= { path: candidate.path, version: answer.version };
  }
  if (old !== undefined) throw tooOld(name, old.path, old.version);
  throw new PipelineError('TOOL_MISSING', `The program ${name} was not found.`, {
    hint: `Run "npm run setup", or install ${name} ${versionRules[name].minimum} or newer, or set ${variable} to its path.`,
  });
}

async function checkNamed(name: ToolName, variable: string, file: string): Promise<Tool> {
  const hint = `Set ${variable} to the path of ${name}, or unset it and run "npm run setup".`;
  if (!(await isExecutableFile(file))) {
    throw new PipelineError('TOOL_MISSING', `${variable} names ${file}, which is not an executable file.`, { hint });
  }
  const answer = await askVersion(name, file);
  if ('failure' in answer) {
    throw new PipelineError(
      'TOOL_MISSING',
      `${variable} names ${file}, which does not answer as ${name}: ${answer.failure}`,
      {
        hint,
      },
    );
  }
  if (!answer.recentEnough) throw tooOld(name, file, answer.version);
  return { name, path: file, version: answer.version, source: 'environment' };
}

function tooOld(name: ToolName, file: string, version: string): PipelineError {
  const { minimum } = versionRules[name];
  return new PipelineError('TOOL_TOO_OLD', `${file} is ${name} ${version}, and ${minimum} or newer is needed.`, {
    hint: `Run "npm run setup", or set ${versionRules[name].environment} to a newer ${name}.`,
  });
}

type VersionAnswer = { version: string; recentEnough: boolean } | { failure: string };

async function askVersion(name: ToolName, file: string): Promise<VersionAnswer> {
  try {
    const { stdout } = await execa(file, versionRules[name].arguments, {
      stdin: 'ignore',
      timeout: versionTimeoutMs,
      env: programEnvironment(),
      extendEnv: false,
    });
    return readVersion(name, stdout) ?? { failure: 'its version cannot be read' };
  } catch (error) {
    return { failure: messageOf(error).split('\n', 1)[0] ?? '' };
  }
}

/** Existing executables of that name, best first, leaving out what the environment variable names. */
async function* candidates(
  name: ToolName,
  environment: NodeJS.ProcessEnv,
): AsyncGenerator<Pick<Tool, 'path' | 'source'>> {
  const executable = process.platform === 'win32' ? `${name}.exe` : name;
  for (const folder of (environment.PATH ?? environment.Path ?? '').split(path.delimiter)) {
    const file = path.resolve(folder, executable);
    if (folder !== '' && (await isExecutableFile(file))) yield { path: file, source: 'path' };
  }
  const ours = path.join(venvBinFolder(), executable);
  if (await isExecutableFile(ours)) yield { path: ours, source: 'project' };
  const packaged = name === 'ffprobe' ? await packagedFfprobe() : undefined;
  if (packaged !== undefined) yield { path: packaged, source: 'project' };
}

/** The ffprobe of the optional npm package; undefined where npm did not install it (other platform, or left out). */
async function packagedFfprobe(): Promise<string | undefined> {
  let file: string;
  try {
    const module = await import('@ffprobe-installer/ffprobe');
    file = module.default.path;
  } catch {
    // The package throws on platforms it has no binary for, and may be absent: both mean "not here".
    return undefined;
  }
  // npm runs no install script here, so the file may still lack its executable bit.
  if (!(await isExecutableFile(file))) await chmod(file, 0o755);
  return file;
}

async function isExecutableFile(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    // Absent, or not for us: either way it cannot be started.
    return false;
  }
}
