import { existsSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { readJson, writeJson } from './files.mjs';
import { fileSizes, hashFiles, listFiles, staleOutputs } from './inputs.mjs';
import { npmCommand, runLogged } from './run.mjs';

const configuration = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** The compiled program in dist/. Its stamp holds a hash of what it was made from and the size of every file. */
export function buildStep({ root, environment, log }) {
  const dist = path.join(root, 'dist');
  const stampFile = path.join(dist, '.build.json');
  const sources = () => listFiles(path.join(root, 'src'));
  const inputs = () => hashFiles(root, [...configuration, ...sources().map((file) => `src/${file}`)]);
  const isComplete = (stamp) =>
    Object.entries(stamp.files).every(
      ([file, size]) => statSync(path.join(dist, file), { throwIfNoEntry: false })?.size === size,
    );

  return {
    name: 'build',
    todo: 'npm run build',

    check() {
      const stamp = readJson(stampFile);
      if (stamp === undefined) return existsSync(dist) ? 'the last build did not end' : 'not built yet';
      if (!isComplete(stamp)) return 'files of the last build are gone or changed';
      return stamp.inputs === inputs() ? undefined : 'the sources changed';
    },

    async run({ onStart, signal }) {
      const before = readJson(stampFile);
      if (before !== undefined && isComplete(before)) {
        for (const file of staleOutputs(before.sources, sources())) rmSync(path.join(dist, file), { force: true });
        rmSync(stampFile);
      } else {
        // The compiler's own memory of what it wrote (dist/.tsbuildinfo) would keep it from writing lost files again.
        rmSync(dist, { recursive: true, force: true });
      }
      // Taken before: what is edited during the build is built the next time.
      const made = { inputs: inputs(), sources: sources() };
      const { command, shell } = npmCommand(environment);
      const options = { cwd: root, env: environment, log, onStart, signal, shell };
      await runLogged('build', [...command, 'run', 'build'], options);
      writeJson(stampFile, { ...made, files: fileSizes(dist) });
    },
  };
}
