import { existsSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './diagnose.mjs';
import { hashFiles } from './inputs.mjs';
import { readJson, requireSpace, writeJson } from './files.mjs';
import { missingPackages } from './packages.mjs';
import { npmCommand, runLogged } from './run.mjs';

const neededMegabytes = 900;

/** npm packages, as package-lock.json says. */
export function npmStep({ root, toolsFolder, environment, log }) {
  const stampFile = path.join(toolsFolder, 'npm.json');
  const platform = {
    os: process.platform,
    cpu: process.arch,
    libc: process.platform === 'linux' ? (existsSync('/etc/alpine-release') ? 'musl' : 'glibc') : undefined,
  };
  const stamp = () => ({ lock: hashFiles(root, ['package-lock.json']), ...platform });
  const missing = () => {
    const lock = readJson(path.join(root, 'package-lock.json')) ?? { packages: {} };
    return missingPackages(lock, readJson(path.join(root, 'node_modules', '.package-lock.json')), platform, root);
  };
  return {
    name: 'npm packages',
    todo: 'npm ci',

    check() {
      const { required, optional } = missing();
      if (required.length > 0) return describe(required);
      // npm may leave an optional package out; that it did so once for this lock file and machine is good enough.
      const asBefore = JSON.stringify(readJson(stampFile)) === JSON.stringify(stamp());
      return optional.length > 0 && !asBefore ? describe(optional) : undefined;
    },

    async run({ onStart, signal }) {
      requireSpace(root, neededMegabytes, 'the npm packages');
      const { command, shell } = npmCommand(environment);
      // No install script is needed: native parts come inside the packages, and onnxruntime-node's script would fetch
      // GPU libraries from elsewhere. The environment variable says the same to npm versions that run it all the same.
      const parameters = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--prefer-offline'];
      const env = { ...environment, ONNXRUNTIME_NODE_INSTALL: 'skip' };
      await runLogged('npm', [...command, ...parameters], { cwd: root, env, log, onStart, signal, shell });
      const { required } = missing();
      if (required.length > 0)
        throw new SetupError(`${describe(required)} by npm.`, 'Mend what its output names.', true);
      writeJson(stampFile, stamp());
    },
  };
}

function describe(keys) {
  const names = keys.map((key) => key.replace(/^.*node_modules\//, ''));
  return names.length <= 3 ? `${names.join(', ')} not installed` : `${names.length} packages not installed`;
}
