import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { SetupError } from './diagnose.mjs';
import { readJson, requireSpace, writeJson } from './files.mjs';
import { askVersion, executableName, isExecutable } from './programs.mjs';
import { findPython } from './python.mjs';
import { runLogged } from './run.mjs';

const neededMegabytes = 550;
const binFolder = process.platform === 'win32' ? 'Scripts' : 'bin';

/** The folder of the installed programs. `venv` is a link to the environment in use: a new one takes its place at once. */
function venvBin(toolsFolder) {
  return path.join(toolsFolder, 'venv', binFolder);
}

/** Why the environment must be made (again) to hold these pins; undefined when it is as it should be. */
export function venvReason(toolsFolder, pins) {
  if (pins.length === 0) return undefined;
  const stamp = readJson(path.join(toolsFolder, 'venv', 'installed.json'));
  if (stamp === undefined) return `${pins.map(({ tool }) => tool).join(', ')} not installed`;
  // A virtual environment holds absolute paths: it does not survive being moved, nor the loss of its Python.
  if (stamp.folder !== toolsFolder) return 'the project was moved';
  if (!existsSync(path.join(venvBin(toolsFolder), executableName('python')))) return 'its Python is gone';
  const missing = pins.filter((pin) => !stamp.requirements.includes(pin.requirement));
  if (missing.length > 0) return `${missing.map(({ requirement }) => requirement).join(', ')} not installed`;
  const broken = pins.filter(({ tool }) => !isExecutable(path.join(venvBin(toolsFolder), executableName(tool))));
  return broken.length === 0 ? undefined : `${broken.map(({ tool }) => tool).join(', ')} is gone`;
}

/**
 * Makes a new virtual environment beside the one in use, checks that its programs start, and puts it in place. Killed
 * at any moment, it leaves either the old environment or the new one in use; half-made ones are removed by the next.
 * @throws SetupError
 */
export async function installVenv(toolsFolder, pins, rules, { environment, log, onStart, signal }) {
  const link = path.join(toolsFolder, 'venv');
  requireSpace(toolsFolder, neededMegabytes, 'the external programs');
  const env = pythonEnvironment(environment);
  const python = await findPython(
    pins.map(({ tool }) => tool),
    env,
  );
  const name = `venv-${Date.now().toString(36)}`;
  const folder = path.join(toolsFolder, name);
  const options = { cwd: toolsFolder, env, log, onStart, signal };
  const bin = path.join(folder, binFolder);
  removeOtherVenvs(toolsFolder, environmentInUse(link));

  await runLogged('venv', [...python, '-m', 'venv', folder], options);
  const requirements = pins.map(({ requirement }) => requirement);
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--prefer-binary'];
  await runLogged('pip', [path.join(bin, executableName('python')), ...pip, ...requirements], options);
  if (pins.some(({ tool }) => tool === 'ffmpeg')) linkFfmpeg(folder, bin);
  const versions = await verify(bin, pins, rules);
  writeJson(path.join(folder, 'installed.json'), { folder: toolsFolder, requirements, versions });

  const temporary = path.join(toolsFolder, `venv.${process.pid}.tmp`);
  rmSync(temporary, { recursive: true, force: true });
  symlinkSync(process.platform === 'win32' ? folder : name, temporary, 'junction');
  // A rename replaces a link at once, but no folder, and on Windows nothing at all.
  const inPlace = lstatSync(link, { throwIfNoEntry: false });
  if (inPlace !== undefined && (!inPlace.isSymbolicLink() || process.platform === 'win32')) {
    rmSync(link, { recursive: true, force: true });
  }
  renameSync(temporary, link);
  removeOtherVenvs(toolsFolder, name);
  return versions;
}

/** pip must install into the new environment, whatever the user's settings say about where packages go. */
function pythonEnvironment(environment) {
  const env = { ...environment, PIP_USER: '0', PYTHONNOUSERSITE: '1' };
  for (const name of ['PYTHONHOME', 'PYTHONPATH', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT']) delete env[name];
  return env;
}

function environmentInUse(link) {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? path.basename(readlinkSync(link)) : undefined;
}

function removeOtherVenvs(toolsFolder, kept) {
  for (const entry of readdirSync(toolsFolder)) {
    if (/^venv[-.]/.test(entry) && entry !== kept)
      rmSync(path.join(toolsFolder, entry), { recursive: true, force: true });
  }
}

/** The package imageio-ffmpeg brings the binary under a name of its own; the project looks for `ffmpeg`. */
function linkFfmpeg(folder, bin) {
  const packages = process.platform === 'win32' ? [path.join(folder, 'Lib')] : listPythonLibraries(folder);
  for (const library of packages) {
    const binaries = path.join(library, 'site-packages', 'imageio_ffmpeg', 'binaries');
    const file = existsSync(binaries) ? readdirSync(binaries).find((entry) => /^ffmpeg/.test(entry)) : undefined;
    if (file === undefined) continue;
    const [source, target] = [path.join(binaries, file), path.join(bin, executableName('ffmpeg'))];
    chmodSync(source, 0o755);
    if (process.platform === 'win32') copyFileSync(source, target);
    else symlinkSync(path.relative(bin, source), target);
    return;
  }
  throw new SetupError(
    'imageio-ffmpeg brought no ffmpeg for this machine.',
    'Install ffmpeg yourself and put it on PATH, then run this again.',
  );
}

function listPythonLibraries(folder) {
  return readdirSync(path.join(folder, 'lib')).map((version) => path.join(folder, 'lib', version));
}

async function verify(bin, pins, rules) {
  const versions = {};
  for (const { tool, requirement } of pins) {
    const answer = await askVersion(path.join(bin, executableName(tool)), rules[tool]);
    if (answer?.recentEnough !== true) {
      throw new SetupError(
        `${tool} from ${requirement} does not start on this machine.`,
        `Install ${tool} yourself and put it on PATH, or set ${rules[tool].environment}; then run this again.`,
      );
    }
    versions[tool] = answer.version;
  }
  return versions;
}
